#include "base/uuid.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <mutex>

namespace fanfetch {
namespace {

using Uuid = std::array<std::uint8_t, 16>;

constexpr std::uint16_t counter_end = 0x1000;  // rand_a has 12 bits
constexpr std::uint16_t fresh_mask =
    0x07FF;  // a new millisecond starts in the lower half: room to count

/// The last time stamp and counter given out, never going back.
class Sequence {
public:
    struct Step {
        std::uint64_t milliseconds;
        std::uint16_t counter;
    };

    Step next(std::uint64_t now, std::uint16_t fresh) {
        const std::lock_guard lock{mutex_};
        if (now > last_.milliseconds) {
            last_ = {now, fresh};
        } else if (++last_.counter == counter_end) {
            // Thousands within a millisecond: borrow from the next one.
            last_ = {last_.milliseconds + 1, fresh};
        }
        return last_;
    }

private:
    std::mutex mutex_;
    Step last_{0, 0};
};

Uuid make(const Clock& clock) {
    static Sequence sequence;  // one generator for the program, so that all its ids are in order
    Uuid id{};
    fill_random(std::as_writable_bytes(std::span{id}));
    const auto fresh = static_cast<std::uint16_t>((id[6] << 8U | id[7]) & fresh_mask);
    const auto now = std::max<std::int64_t>(clock.wall().time_since_epoch().count(), 0);
    const auto step = sequence.next(static_cast<std::uint64_t>(now), fresh);
    for (std::size_t i = 0; i < 6; ++i) {
        id[i] = static_cast<std::uint8_t>(step.milliseconds >> (40 - 8 * i));
    }
    id[6] = static_cast<std::uint8_t>(0x70U | step.counter >> 8U);  // version 7
    id[7] = static_cast<std::uint8_t>(step.counter);
    id[8] = static_cast<std::uint8_t>(0x80U | (id[8] & 0x3FU));  // the RFC's variant
    return id;
}

void append_hex(std::string& out, std::span<const std::uint8_t> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const auto byte : bytes) {
        out += digits[byte >> 4U];
        out += digits[byte & 0x0FU];
    }
}

}  // namespace

std::string make_uuid7(const Clock& clock) {
    const Uuid id = make(clock);
    const std::span bytes{id};
    std::string text;
    text.reserve(36);
    std::size_t from = 0;
    for (const std::size_t length : {4U, 2U, 2U, 2U, 6U}) {
        if (from != 0) {
            text += '-';
        }
        append_hex(text, bytes.subspan(from, length));
        from += length;
    }
    return text;
}

std::string make_id(std::string_view prefix, const Clock& clock) {
    std::string text;
    text.reserve(prefix.size() + 33);
    text.append(prefix).append("_");
    append_hex(text, make(clock));
    return text;
}

}  // namespace fanfetch
