#include "http/retry_after.hpp"

#include "http/field_syntax.hpp"
#include "http/http_date.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

/// Digits only; saturates.
std::optional<std::chrono::seconds> parse_delta(std::string_view digits) {
    if (digits.empty()) {
        return std::nullopt;
    }
    std::chrono::seconds delta{0};
    for (const char c : digits) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        delta = std::min(delta * 10 + std::chrono::seconds{c - '0'}, longest_retry_after);
    }
    return delta;
}

}  // namespace

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, WallTime now) {
    const auto text = trim_ows(value);
    if (const auto delta = parse_delta(text)) {
        return delta;
    }
    const auto date = parse_http_date(text, now);
    if (!date) {
        return std::nullopt;
    }
    const auto pause = std::chrono::ceil<std::chrono::seconds>(*date - now);
    return std::clamp(pause, std::chrono::seconds{0}, longest_retry_after);
}

}  // namespace fanfetch
