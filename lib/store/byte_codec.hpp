#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace fanfetch {

/// Appends numbers and texts to a byte string in the form ByteReader reads.
///
/// Numbers are base-128 varints, low groups first; texts are their length and their bytes.
///
/// Threads  one owner at a time
class ByteWriter {
public:
    explicit ByteWriter(std::string& out) noexcept : out_{out} {}

    void number(std::uint64_t value) {
        if (value < 0x80) {  // most are
            out_ += static_cast<char>(value);
            return;
        }
        char bytes[10];
        std::size_t length = 0;
        while (value >= 0x80) {
            bytes[length++] = static_cast<char>(value | 0x80);
            value >>= 7U;
        }
        bytes[length++] = static_cast<char>(value);
        out_.append(bytes, length);
    }

    /// Zigzag, so that small negative numbers are short too.
    void signed_number(std::int64_t value) {
        number(static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63));
    }

    void text(std::string_view value) {
        number(value.size());
        out_.append(value);
    }

    void raw(std::string_view bytes) { out_.append(bytes); }

private:
    std::string& out_;
};

/// Takes apart what ByteWriter wrote, or foreign bytes, without ever reading past their end.
///
/// After the first fault every read answers zero or nothing and `ok()` is false: a caller reads a
/// whole record and asks once.
///
/// Threads  one owner at a time
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) noexcept : rest_{bytes} {}

    std::uint64_t number() noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (rest_.empty()) {
                break;
            }
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            if (shift == 63 && byte > 1) {
                break;  // more than 64 bits
            }
            value |= std::uint64_t{byte & 0x7FU} << shift;
            if ((byte & 0x80U) == 0) {
                return value;
            }
        }
        return fail();
    }

    /// A number no larger than `limit`; a larger one is a fault.
    std::uint64_t number_up_to(std::uint64_t limit) noexcept {
        const auto value = number();
        return value <= limit ? value : fail();
    }

    std::int64_t signed_number() noexcept {
        const auto value = number();
        return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
    }

    std::string_view text() noexcept { return raw(number()); }

    std::string_view raw(std::uint64_t length) noexcept {
        if (length > rest_.size()) {
            fail();
            return {};
        }
        const auto bytes = rest_.substr(0, static_cast<std::size_t>(length));
        rest_.remove_prefix(bytes.size());
        return bytes;
    }

    [[nodiscard]] bool ok() const noexcept { return ok_; }
    [[nodiscard]] bool at_end() const noexcept { return ok_ && rest_.empty(); }

private:
    std::uint64_t fail() noexcept {
        ok_ = false;
        rest_ = {};
        return 0;
    }

    std::string_view rest_;
    bool ok_ = true;
};

/// A 32-bit check value against damage, not against malice: a change stays unnoticed once in 2³².
[[nodiscard]] inline std::uint32_t check_value(std::string_view bytes) noexcept {
    constexpr std::uint64_t odd =
        0x9E3779B97F4A7C15;  // 2⁶⁴ / golden ratio: multiplying loses nothing
    std::uint64_t state = bytes.size() * odd;
    while (!bytes.empty()) {
        const std::size_t length = bytes.size() < 8 ? bytes.size() : 8;
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), length);
        state = (state ^ word) * odd;
        state ^= state >> 32U;
        bytes.remove_prefix(length);
    }
    return static_cast<std::uint32_t>(state >> 32U);
}

}  // namespace fanfetch
