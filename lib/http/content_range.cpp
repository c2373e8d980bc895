#include "http/content_range.hpp"

#include "http/field_syntax.hpp"

#include <charconv>

namespace fanfetch {
namespace {

/// Takes a number and the character that must follow it; '\0': the end.
bool take(std::string_view& rest, std::uint64_t& number, char then) noexcept {
    if (rest.empty() || rest.front() < '0' || rest.front() > '9') {
        return false;
    }
    const char* const end = rest.data() + rest.size();
    const auto [stop, error] = std::from_chars(rest.data(), end, number);
    if (error != std::errc{}) {
        return false;
    }
    rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
    if (then == '\0') {
        return rest.empty();
    }
    if (!rest.starts_with(then)) {
        return false;
    }
    rest.remove_prefix(1);
    return true;
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view text) noexcept {
    constexpr std::string_view unit = "bytes ";
    if (!equal_ignoring_case(text.substr(0, unit.size()), unit)) {
        return std::nullopt;
    }
    text.remove_prefix(unit.size());
    ContentRange range;
    const bool read = take(text, range.first, '-') && take(text, range.last, '/') &&
                      take(text, range.complete, '\0');
    if (!read || range.first > range.last || range.last >= range.complete) {
        return std::nullopt;
    }
    return range;
}

}  // namespace fanfetch
