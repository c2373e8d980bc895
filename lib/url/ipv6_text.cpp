#include "url/ascii.hpp"
#include "url/ip_text.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace fanfetch {
namespace {

constexpr std::size_t group_count = 8;

/// What stands on one side of the "::", or all of it.
struct Groups {
    std::array<std::uint16_t, group_count> value{};
    std::size_t count = 0;

    [[nodiscard]] bool add(unsigned group) noexcept {
        if (count == group_count) {
            return false;
        }
        value[count++] = static_cast<std::uint16_t>(group);
        return true;
    }
};

/// One to four hexadecimal digits.
std::optional<unsigned> read_group(std::string_view text) noexcept {
    if (text.empty() || text.size() > 4) {
        return std::nullopt;
    }
    unsigned value = 0;
    for (const char byte : text) {
        const auto digit = digit_value(byte, 16);
        if (!digit) {
            return std::nullopt;
        }
        value = value * 16 + *digit;
    }
    return value;
}

/// Four decimal bytes without leading zeros: stricter than an IPv4 host.
bool add_dotted_tail(Groups& groups, std::string_view text) noexcept {
    std::array<unsigned, 4> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto dot = text.find('.');
        const auto part = text.substr(0, dot);
        const bool plain = !part.empty() && part.size() <= 3 && std::ranges::all_of(part, is_digit);
        if (!plain || (part.size() > 1 && part.front() == '0')) {
            return false;
        }
        for (const char digit : part) {
            bytes[i] = bytes[i] * 10 + *digit_value(digit, 10);
        }
        const bool last = i + 1 == bytes.size();
        if (bytes[i] > 255 || last != (dot == std::string_view::npos)) {
            return false;
        }
        text.remove_prefix(last ? text.size() : dot + 1);
    }
    return groups.add(bytes[0] << 8U | bytes[1]) && groups.add(bytes[2] << 8U | bytes[3]);
}

enum class dotted_tail { refused, allowed };

std::optional<Groups> read_groups(std::string_view text, dotted_tail tail) noexcept {
    Groups groups;
    while (!text.empty()) {
        const auto colon = text.find(':');
        const auto piece = text.substr(0, colon);
        if (colon == std::string_view::npos && tail == dotted_tail::allowed &&
            piece.find('.') != std::string_view::npos) {
            return add_dotted_tail(groups, piece) ? std::optional{groups} : std::nullopt;
        }
        const auto group = read_group(piece);
        if (!group || !groups.add(*group)) {
            return std::nullopt;
        }
        if (colon == std::string_view::npos) {
            return groups;
        }
        text.remove_prefix(colon + 1);
        if (text.empty()) {
            return std::nullopt;  // a colon with nothing behind it
        }
    }
    return groups;
}

void write_group(Ipv6Bytes& address, std::size_t index, std::uint16_t group) noexcept {
    address[2 * index] = static_cast<std::uint8_t>(group >> 8U);
    address[2 * index + 1] = static_cast<std::uint8_t>(group);
}

std::array<std::uint16_t, group_count> groups_of(const Ipv6Bytes& address) noexcept {
    std::array<std::uint16_t, group_count> groups{};
    for (std::size_t i = 0; i < group_count; ++i) {
        groups[i] = static_cast<std::uint16_t>(address[2 * i] << 8U | address[2 * i + 1]);
    }
    return groups;
}

struct Run {
    std::size_t begin = group_count;
    std::size_t length = 0;
};

Run longest_run_of_zeros(std::span<const std::uint16_t> groups) noexcept {
    Run longest;
    Run current;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        current = groups[i] != 0 ? Run{i + 1, 0} : Run{i - current.length, current.length + 1};
        if (current.length > longest.length) {
            longest = current;
        }
    }
    return longest.length >= 2 ? longest : Run{};
}

void append_hex(std::string& out, std::uint16_t group) {
    constexpr std::string_view digits = "0123456789abcdef";
    bool started = false;
    for (const unsigned shift : {12U, 8U, 4U, 0U}) {
        const unsigned digit = group >> shift & 0xfU;
        started = started || digit != 0 || shift == 0;
        if (started) {
            out += digits[digit];
        }
    }
}

}  // namespace

std::optional<Ipv6Bytes> parse_ipv6(std::string_view text) noexcept {
    const auto gap = text.find("::");
    const bool compressed = gap != std::string_view::npos;
    const auto left =
        read_groups(text.substr(0, gap), compressed ? dotted_tail::refused : dotted_tail::allowed);
    const auto right =
        compressed ? read_groups(text.substr(gap + 2), dotted_tail::allowed) : Groups{};
    if (!left || !right) {
        return std::nullopt;
    }
    const auto given = left->count + right->count;
    if (compressed ? given >= group_count : given != group_count) {
        return std::nullopt;  // "::" stands for one group at least
    }
    Ipv6Bytes address{};
    for (std::size_t i = 0; i < left->count; ++i) {
        write_group(address, i, left->value[i]);
    }
    for (std::size_t i = 0; i < right->count; ++i) {
        write_group(address, group_count - right->count + i, right->value[i]);
    }
    return address;
}

std::string format_ipv6(const Ipv6Bytes& address) {
    const auto groups = groups_of(address);
    const auto gap = longest_run_of_zeros(groups);
    std::string out;
    for (std::size_t i = 0; i < group_count; ++i) {
        if (i == gap.begin) {
            out += "::";
            i += gap.length - 1;
            continue;
        }
        if (!out.empty() && !out.ends_with(':')) {
            out += ':';
        }
        append_hex(out, groups[i]);
    }
    return out;
}

}  // namespace fanfetch
