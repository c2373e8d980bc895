#include "http/trace_context.hpp"

namespace fanfetch {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";  // in lower case alone
constexpr std::size_t version_size = 2;
constexpr std::size_t trace_size = 32;
constexpr std::size_t parent_size = 16;
constexpr std::size_t flags_size = 2;

/// Takes `size` hex digits and the dash behind them off the front; empty when they are not there.
std::string_view take_digits(std::string_view& text, std::size_t size) noexcept {
    const auto digits = text.substr(0, size);
    if (digits.size() < size || digits.find_first_not_of(hex_digits) != std::string_view::npos ||
        (text.size() > size && text[size] != '-')) {
        return {};
    }
    text.remove_prefix(text.size() > size ? size + 1 : size);
    return digits;
}

bool all_zero(std::string_view digits) noexcept {
    return digits.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view value) noexcept {
    constexpr std::size_t whole = version_size + trace_size + parent_size + flags_size + 3;
    const auto size = value.size();
    const auto version = take_digits(value, version_size);
    const TraceContext context{take_digits(value, trace_size), take_digits(value, parent_size)};
    const auto flags = take_digits(value, flags_size);
    const bool complete = !version.empty() && !flags.empty() && size >= whole;
    if (!complete || version == "ff" || (version == "00" && size != whole) ||
        all_zero(context.trace_id) || all_zero(context.parent_id)) {
        return std::nullopt;
    }
    return context;
}

}  // namespace fanfetch
