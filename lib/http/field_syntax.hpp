#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace fanfetch {

namespace detail {

consteval std::array<bool, 256> token_table() {
    std::array<bool, 256> table{};
    for (const char c : std::string_view{"!#$%&'*+-.^_`|~0123456789"
                                         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}

inline constexpr auto token_chars = token_table();

}  // namespace detail

/// The characters of a method or of a field's name.
///
/// Source  RFC 9110 §5.6.2
[[nodiscard]] constexpr bool is_token_char(char c) noexcept {
    return detail::token_chars[static_cast<unsigned char>(c)];
}

/// One token character or more.
[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

/// What a field's value or a reason phrase may hold: HTAB, SP, visible characters and obs-text
/// (0x80 to 0xff); no other control character, DEL included.
///
/// Source  RFC 9110 §5.5, RFC 9112 §4
[[nodiscard]] constexpr bool is_value_char(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

/// Only characters that a field's value may hold.
[[nodiscard]] bool is_value(std::string_view text) noexcept;

/// Optional white space within a field.
[[nodiscard]] constexpr bool is_ows(char c) noexcept {
    return c == ' ' || c == '\t';
}

/// Without the white space at both ends. An empty rest still points into `text`.
[[nodiscard]] constexpr std::string_view trim_ows(std::string_view text) noexcept {
    while (!text.empty() && is_ows(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_ows(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

/// ASCII lower case, whatever the locale.
[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// Names of fields, codings and connection options are compared this way.
[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (to_lower(a[i]) != to_lower(b[i])) {
            return false;
        }
    }
    return true;
}

/// Calls `visit` with each element of a comma-separated list, trimmed, the empty ones included.
/// For lists whose elements hold no quoted strings.
///
/// Source  RFC 9110 §5.6.1
template <class Visit>
constexpr void for_each_element(std::string_view list, Visit visit) {
    for (;;) {
        const auto comma = list.find(',');
        visit(trim_ows(list.substr(0, comma)));
        if (comma == std::string_view::npos) {
            return;
        }
        list.remove_prefix(comma + 1);
    }
}

/// `text` for a message to people: in quotes, at most 40 bytes of it, a '?' for what is not
/// printable ASCII.
[[nodiscard]] std::string quoted_excerpt(std::string_view text);

}  // namespace fanfetch
