#include "model/fetch_option_parts.hpp"
#include "model/octets.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::size_t most_ranges = 100;
constexpr std::size_t longest_content_type = 128;
constexpr std::uint64_t largest_size = std::uint64_t{1} << 53U;  // exact in every JSON reader
constexpr std::size_t sha256_size = 32;
constexpr std::size_t md5_size = 16;

template <class Target>
using Row = MemberRow<Target, OptionContext>;

/// "200" or "200-299".
std::optional<StatusRange> status_range(std::string_view text) {
    StatusRange range;
    const char* const end = text.data() + text.size();
    auto [rest, error] = std::from_chars(text.data(), end, range.first);
    range.last = range.first;
    if (error == std::errc{} && rest != end && *rest == '-') {
        const auto last = std::from_chars(rest + 1, end, range.last);
        rest = last.ptr;
        error = last.ec;
    }
    if (error != std::errc{} || rest != end || range.first < lowest_status ||
        range.last > highest_status || range.first > range.last) {
        return std::nullopt;
    }
    return range;
}

template <std::string Expectations::*Digest, std::size_t Size>
Fault read_digest(const JsonMember& member, Expectations& expect, const OptionContext&) {
    const auto* const text = member.value().if_string();
    std::optional<std::string> octets;
    if (text != nullptr) {
        octets = text->size() == 2 * Size ? from_hex(*text) : from_base64(*text);
    }
    if (!octets || octets->size() != Size) {
        return member.unexpected(std::to_string(Size) + " bytes in hex or base64");
    }
    expect.*Digest = std::move(*octets);
    return std::nullopt;
}

Fault read_content_type(const JsonMember& member, Expectations& expect, const OptionContext&) {
    std::string type;
    if (auto fault = read_text(member, longest_content_type, type)) {
        return fault;
    }
    const auto slash = type.find('/');
    const auto word = [](std::string_view text) {
        return !text.empty() && std::ranges::all_of(text, [](char c) {
            return c > ' ' && c < 0x7F &&
                   std::string_view{"\"(),/:;<=>?@[\\]{}"}.find(c) == std::string_view::npos;
        });
    };
    if (slash == std::string::npos || !word(std::string_view{type}.substr(0, slash)) ||
        !word(std::string_view{type}.substr(slash + 1))) {
        return member.unexpected("a media type without parameters, such as \"text/html\"");
    }
    std::ranges::transform(type, type.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    expect.content_type = std::move(type);
    return std::nullopt;
}

constexpr std::array expect_rows{
    Row<Expectations>{
        "size",
        [](const JsonMember& member, Expectations& expect, const OptionContext&) {
            std::uint64_t size = 0;
            auto fault = read_integer(member, 0, largest_size, size);
            expect.size = size;
            return fault;
        }},
    Row<Expectations>{"sha256", read_digest<&Expectations::sha256, sha256_size>},
    Row<Expectations>{"md5", read_digest<&Expectations::md5, md5_size>},
    Row<Expectations>{"content_type", read_content_type},
};

}  // namespace

Fault read_status_ranges(const JsonMember& member, std::vector<StatusRange>& ranges) {
    if (member.value().is_number()) {
        std::uint16_t status = 0;
        auto fault = read_number(member, lowest_status, highest_status, status);
        ranges.push_back({status, status});
        return fault;
    }
    const auto* const string = member.value().if_string();
    std::string_view rest = string == nullptr ? std::string_view{} : std::string_view{*string};
    while (ranges.size() < most_ranges) {
        const auto comma = rest.find(',');
        const auto range = status_range(rest.substr(0, comma));
        if (!range) {
            break;
        }
        ranges.push_back(*range);
        if (comma == std::string_view::npos) {
            return std::nullopt;
        }
        rest.remove_prefix(comma + 1);
    }
    return member.unexpected("a status or ranges of statuses such as \"200-299,404\"");
}

Fault read_expectations(
    const JsonMember& member, Expectations& expect, const OptionContext& context
) {
    return read_members<Expectations, OptionContext>(member, expect_rows, expect, context);
}

}  // namespace fanfetch
