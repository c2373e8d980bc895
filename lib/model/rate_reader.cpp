#include "model/rate_reader.hpp"

#include <charconv>

namespace fanfetch {
namespace {

/// The seconds a unit stands for; 0 for an unknown one.
double seconds_in(std::string_view unit) noexcept {
    constexpr double minute = 60;
    if (unit == "s") {
        return 1;
    }
    if (unit == "m") {
        return minute;
    }
    return unit == "h" ? minute * minute : 0;
}

/// Zero for what is no rate.
double rate_of(std::string_view text) noexcept {
    const auto slash = std::min(text.find('/'), text.size());
    const double seconds = slash == text.size() ? 1 : seconds_in(text.substr(slash + 1));
    const char* const end = text.data() + slash;
    double count = 0;
    const auto [rest, error] = std::from_chars(text.data(), end, count, std::chars_format::fixed);
    return error == std::errc{} && rest == end && seconds > 0 ? count / seconds : 0;
}

}  // namespace

Fault read_rate(const JsonMember& member, double& target) {
    const auto& value = member.value();
    double rate = 0;
    if (value.is_number()) {
        rate = value.to_number<double>();
    } else if (const auto* const text = value.if_string()) {
        rate = rate_of(*text);
    }
    if (!(rate > 0 && rate <= highest_rate)) {
        return member.unexpected(
            "a rate above 0 and up to 1000000 a second: a number, or a text like \"30/m\" (per s, "
            "m "
            "or h)"
        );
    }
    target = rate;
    return std::nullopt;
}

}  // namespace fanfetch
