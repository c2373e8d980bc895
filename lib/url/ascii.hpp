#pragma once

#include <optional>

namespace fanfetch {

/// The value of `digit` in base `radix` (8, 10 or 16), whatever the locale thinks.
[[nodiscard]] constexpr std::optional<unsigned> digit_value(char digit, unsigned radix) noexcept {
    unsigned value = radix;
    if (digit >= '0' && digit <= '9') {
        value = static_cast<unsigned>(digit - '0');
    } else if (digit >= 'a' && digit <= 'f') {
        value = static_cast<unsigned>(digit - 'a') + 10;
    } else if (digit >= 'A' && digit <= 'F') {
        value = static_cast<unsigned>(digit - 'A') + 10;
    }
    if (value >= radix) {
        return std::nullopt;
    }
    return value;
}

[[nodiscard]] constexpr bool is_digit(char byte) noexcept {
    return byte >= '0' && byte <= '9';
}

[[nodiscard]] constexpr bool is_letter(char byte) noexcept {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

[[nodiscard]] constexpr char ascii_lower(char byte) noexcept {
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

}  // namespace fanfetch
