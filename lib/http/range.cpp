#include "http/range.hpp"

#include "http/field_syntax.hpp"

#include <algorithm>
#include <charconv>

namespace fanfetch {
namespace {

constexpr std::string_view unit = "bytes=";
/// Nobody needs more; a long list is an attempt to make us work.
constexpr std::size_t max_ranges = 16;

/// One element of the list.
struct Spec {
    bool valid = false;
    std::optional<ByteRange> satisfied;
};

std::optional<std::uint64_t> parse_position(std::string_view text) noexcept {
    std::uint64_t position = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, position);
    if (stop != end || text.empty()) {
        return std::nullopt;
    }
    // A number too large for us is beyond every size there is.
    return error == std::errc{} ? position : UINT64_MAX;
}

Spec parse_suffix(std::string_view digits, std::uint64_t size) {
    const auto length = parse_position(digits);
    if (!length) {
        return {};
    }
    if (*length == 0 || size == 0) {
        return {.valid = true, .satisfied = std::nullopt};
    }
    return {.valid = true, .satisfied = ByteRange{size - std::min(*length, size), size - 1}};
}

Spec parse_spec(std::string_view text, std::uint64_t size) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) {
        return {};
    }
    const auto last_text = text.substr(dash + 1);
    if (dash == 0) {
        return parse_suffix(last_text, size);
    }
    const auto first = parse_position(text.substr(0, dash));
    const auto last = last_text.empty() ? std::optional{UINT64_MAX} : parse_position(last_text);
    if (!first || !last || *last < *first) {
        return {};
    }
    if (*first >= size) {
        return {.valid = true, .satisfied = std::nullopt};
    }
    return {.valid = true, .satisfied = ByteRange{*first, std::min(*last, size - 1)}};
}

}  // namespace

RangeAnswer judge_range(std::string_view range, std::uint64_t size) {
    if (range.size() <= unit.size() || !equal_ignoring_case(range.substr(0, unit.size()), unit)) {
        return {};
    }
    std::size_t count = 0;
    std::size_t satisfied = 0;
    bool valid = true;
    ByteRange found;
    for_each_element(range.substr(unit.size()), [&](std::string_view element) {
        if (element.empty()) {
            return;
        }
        const auto spec = parse_spec(element, size);
        valid = valid && spec.valid;
        ++count;
        if (spec.satisfied) {
            ++satisfied;
            found = *spec.satisfied;
        }
    });
    if (!valid || count == 0 || count > max_ranges) {
        return {};
    }
    if (satisfied == 0) {
        return {.verdict = range_verdict::unsatisfiable};
    }
    if (count > 1) {
        return {};
    }
    return {.verdict = range_verdict::part, .range = found};
}

std::string content_range(const ByteRange& range, std::uint64_t size) {
    return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" +
           std::to_string(size);
}

std::string unsatisfied_content_range(std::uint64_t size) {
    return "bytes */" + std::to_string(size);
}

}  // namespace fanfetch
