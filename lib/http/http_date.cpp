#include "http/http_date.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace fanfetch {
namespace {

namespace chrono = std::chrono;

constexpr std::array<std::string_view, 7> short_days{"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_days{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                    "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Reads a text from left to right; once something is missing it only fails.
class Scanner {
public:
    explicit Scanner(std::string_view text) noexcept : rest_{text} {}

    [[nodiscard]] bool done() const noexcept { return good_ && rest_.empty(); }

    void literal(std::string_view wanted) noexcept {
        good_ = good_ && rest_.starts_with(wanted);
        if (good_) {
            rest_.remove_prefix(wanted.size());
        }
    }

    int number(std::size_t digits) noexcept {
        int value = 0;
        for (; digits > 0 && good_; --digits) {
            good_ = !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
            if (good_) {
                value = value * 10 + (rest_.front() - '0');
                rest_.remove_prefix(1);
            }
        }
        return value;
    }

    /// Two digits, or a space and one.
    int padded_number() noexcept {
        if (rest_.starts_with(' ')) {
            rest_.remove_prefix(1);
            return number(1);
        }
        return number(2);
    }

    /// The place of the name that comes next, counted from 1.
    unsigned name(std::span<const std::string_view> names) noexcept {
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (rest_.starts_with(names[i])) {
                rest_.remove_prefix(names[i].size());
                return static_cast<unsigned>(i + 1);
            }
        }
        good_ = false;
        return 0;
    }

private:
    std::string_view rest_;
    bool good_ = true;
};

struct Moment {
    int year = 0;
    unsigned month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
};

void read_time(Scanner& scan, Moment& moment) {
    moment.hour = scan.number(2);
    scan.literal(":");
    moment.minute = scan.number(2);
    scan.literal(":");
    moment.second = scan.number(2);
}

std::optional<Moment> read_fixdate(std::string_view text) {
    Scanner scan{text};
    Moment moment;
    scan.name(short_days);
    scan.literal(", ");
    moment.day = scan.number(2);
    scan.literal(" ");
    moment.month = scan.name(months);
    scan.literal(" ");
    moment.year = scan.number(4);
    scan.literal(" ");
    read_time(scan, moment);
    scan.literal(" GMT");
    return scan.done() ? std::optional{moment} : std::nullopt;
}

/// The latest year that ends in these two digits and is not too far ahead.
int full_year(int two_digits, WallTime now) {
    constexpr int furthest_ahead = 50;
    const auto today = chrono::year_month_day{chrono::floor<chrono::days>(now)};
    const int this_year = static_cast<int>(today.year());
    const int year = this_year - this_year % 100 + 100 + two_digits;
    return year - (year - furthest_ahead - this_year + 99) / 100 * 100;
}

std::optional<Moment> read_rfc850(std::string_view text, WallTime now) {
    Scanner scan{text};
    Moment moment;
    scan.name(long_days);
    scan.literal(", ");
    moment.day = scan.number(2);
    scan.literal("-");
    moment.month = scan.name(months);
    scan.literal("-");
    moment.year = full_year(scan.number(2), now);
    scan.literal(" ");
    read_time(scan, moment);
    scan.literal(" GMT");
    return scan.done() ? std::optional{moment} : std::nullopt;
}

std::optional<Moment> read_asctime(std::string_view text) {
    Scanner scan{text};
    Moment moment;
    scan.name(short_days);
    scan.literal(" ");
    moment.month = scan.name(months);
    scan.literal(" ");
    moment.day = scan.padded_number();
    scan.literal(" ");
    read_time(scan, moment);
    scan.literal(" ");
    moment.year = scan.number(4);
    return scan.done() ? std::optional{moment} : std::nullopt;
}

std::optional<WallTime> to_wall_time(const Moment& moment) {
    constexpr int leap_second = 60;
    const chrono::year_month_day date{
        chrono::year{moment.year}, chrono::month{moment.month},
        chrono::day{static_cast<unsigned>(moment.day)}};
    if (!date.ok() || moment.hour > 23 || moment.minute > 59 || moment.second > leap_second) {
        return std::nullopt;
    }
    return chrono::sys_days{date} + chrono::hours{moment.hour} + chrono::minutes{moment.minute} +
           chrono::seconds{moment.second};
}

void append_number(std::string& out, int value, int digits) {
    for (int unit = digits == 4 ? 1000 : 10; unit > 0; unit /= 10) {
        out += static_cast<char>('0' + value / unit % 10);
    }
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text, WallTime now) {
    auto moment = read_fixdate(text);
    if (!moment) {
        moment = read_rfc850(text, now);
    }
    if (!moment) {
        moment = read_asctime(text);
    }
    return moment ? to_wall_time(*moment) : std::nullopt;
}

std::string to_http_date(WallTime time) {
    const auto day = chrono::floor<chrono::days>(time);
    const chrono::year_month_day date{day};
    const chrono::hh_mm_ss clock{chrono::floor<chrono::seconds>(time) - day};

    std::string out{short_days[chrono::weekday{day}.c_encoding()]};
    out += ", ";
    append_number(out, static_cast<int>(static_cast<unsigned>(date.day())), 2);
    out.append(" ").append(months[static_cast<unsigned>(date.month()) - 1]).append(" ");
    append_number(out, static_cast<int>(date.year()), 4);
    out += ' ';
    append_number(out, static_cast<int>(clock.hours().count()), 2);
    out += ':';
    append_number(out, static_cast<int>(clock.minutes().count()), 2);
    out += ':';
    append_number(out, static_cast<int>(clock.seconds().count()), 2);
    out += " GMT";
    return out;
}

}  // namespace fanfetch
