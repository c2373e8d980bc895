#include "base/time.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace fanfetch {
namespace {

using std::chrono::milliseconds;

class SystemClock final : public Clock {
public:
    [[nodiscard]] Steady::time_point now() const override { return Steady::now(); }
    [[nodiscard]] WallTime wall() const override {
        return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    }
};

struct Unit {
    std::string_view name;
    std::uint64_t factor;  // milliseconds
};

// Falling, so that the first that divides a duration gives its shortest spelling.
constexpr std::array units{
    Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000}, Unit{"ms", 1},
};

// What a steady clock can count: 2^63 nanoseconds.
constexpr std::uint64_t longest = std::numeric_limits<std::int64_t>::max() / 1'000'000;

void put(char* out, unsigned value, int width) noexcept {
    for (int i = width - 1; i >= 0; --i, value /= 10) {
        out[i] = static_cast<char>('0' + value % 10);
    }
}

/// Takes fixed-width fields off the front of a text and remembers whether all were there.
class Scanner {
public:
    explicit Scanner(std::string_view text) noexcept : rest_{text} {}

    int digits(std::size_t width) noexcept {
        int value = 0;
        if (rest_.size() < width) {
            return fail();
        }
        for (const char c : rest_.substr(0, width)) {
            if (c < '0' || c > '9') {
                return fail();
            }
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(width);
        return value;
    }

    /// One of `choices`, or '\0'.
    char any_of(std::string_view choices) noexcept {
        if (rest_.empty() || choices.find(rest_.front()) == std::string_view::npos) {
            ok_ = false;
            return '\0';
        }
        const char taken = rest_.front();
        rest_.remove_prefix(1);
        return taken;
    }

    /// Digits after a point, as milliseconds; what is finer is cut off.
    int fraction() noexcept {
        if (!rest_.starts_with('.')) {
            return 0;
        }
        rest_.remove_prefix(1);
        int value = digits(1) * 100;
        for (int weight = 10; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
             weight /= 10) {
            value += digits(1) * weight;
        }
        return value;
    }

    [[nodiscard]] bool complete() const noexcept { return ok_ && rest_.empty(); }

private:
    int fail() noexcept {
        ok_ = false;
        return 0;
    }

    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace

const Clock& system_clock() noexcept {
    static const SystemClock clock;
    return clock;
}

std::string to_rfc3339(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const auto in_day = static_cast<unsigned>((time - day).count());
    std::string text = "0000-00-00T00:00:00.000Z";
    put(&text[0], static_cast<unsigned>(static_cast<int>(date.year())), 4);
    put(&text[5], static_cast<unsigned>(date.month()), 2);
    put(&text[8], static_cast<unsigned>(date.day()), 2);
    put(&text[11], in_day / 3'600'000, 2);
    put(&text[14], in_day / 60'000 % 60, 2);
    put(&text[17], in_day / 1'000 % 60, 2);
    put(&text[20], in_day % 1'000, 3);
    return text;
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
    Scanner scan{text};
    const int year = scan.digits(4);
    scan.any_of("-");
    const int month = scan.digits(2);
    scan.any_of("-");
    const int day = scan.digits(2);
    scan.any_of("Tt");
    const int hour = scan.digits(2);
    scan.any_of(":");
    const int minute = scan.digits(2);
    scan.any_of(":");
    const int second = scan.digits(2);
    const int millisecond = scan.fraction();
    const char zone = scan.any_of("Zz+-");
    int offset_hours = 0;
    int offset_minutes = 0;
    if (zone == '+' || zone == '-') {
        offset_hours = scan.digits(2);
        scan.any_of(":");
        offset_minutes = scan.digits(2);
    }
    const std::chrono::year_month_day date{
        std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
        std::chrono::day{static_cast<unsigned>(day)}};
    // A leap second (60) is the first moment of the next minute: the system's clock has none.
    if (!scan.complete() || !date.ok() || hour > 23 || minute > 59 || second > 60 ||
        offset_hours > 23 || offset_minutes > 59) {
        return std::nullopt;
    }
    auto offset = std::chrono::hours{offset_hours} + std::chrono::minutes{offset_minutes};
    if (zone == '-') {
        offset = -offset;
    }
    return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
           std::chrono::seconds{second} + milliseconds{millisecond} - offset;
}

std::optional<milliseconds> parse_duration(std::string_view text) {
    const char* const end = text.data() + text.size();
    std::uint64_t whole = 0;
    auto [rest, error] = std::from_chars(text.data(), end, whole);
    if (error != std::errc{}) {
        return std::nullopt;
    }
    // Nine digits are a nanosecond of a second: more can change no millisecond but by rounding.
    constexpr std::uint64_t finest = 1'000'000'000;
    std::uint64_t fraction = 0;
    if (rest != end && *rest == '.') {
        const char* const first = ++rest;
        for (std::uint64_t weight = finest / 10; rest != end && *rest >= '0' && *rest <= '9';
             ++rest, weight /= 10) {
            fraction += static_cast<std::uint64_t>(*rest - '0') * weight;
        }
        if (rest == first) {
            return std::nullopt;
        }
    }
    std::string_view name{rest, static_cast<std::size_t>(end - rest)};
    if (name.empty()) {
        name = "s";
    }
    for (const auto& unit : units) {
        if (unit.name != name) {
            continue;
        }
        if (whole > longest / unit.factor) {
            return std::nullopt;
        }
        const auto part = (fraction * unit.factor + finest / 2) / finest;
        auto count = whole * unit.factor + part;
        if (count == 0 && fraction != 0) {
            count = 1;  // something is never rounded to nothing
        }
        if (count > longest) {
            return std::nullopt;
        }
        return milliseconds{static_cast<std::int64_t>(count)};
    }
    return std::nullopt;
}

std::string to_string(milliseconds duration) {
    const auto count = duration.count();
    if (count == 0) {
        return "0s";
    }
    for (const auto& unit : units) {
        const auto factor = static_cast<std::int64_t>(unit.factor);
        if (count % factor == 0) {
            return std::to_string(count / factor).append(unit.name);
        }
    }
    return {};  // not reached: every count is a number of milliseconds
}

Steady::time_point saturating_add(
    Steady::time_point start, std::chrono::nanoseconds wait
) noexcept {
    if (wait.count() > 0 && start > Steady::time_point::max() - wait) {
        return Steady::time_point::max();
    }
    return start + wait;
}

}  // namespace fanfetch
