#include "model/octets.hpp"

#include <array>
#include <cstdint>

namespace fanfetch {
namespace {

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::uint8_t no_digit = 0xFF;

constexpr auto base64_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(no_digit);
    for (std::size_t i = 0; i < base64_digits.size(); ++i) {
        values[static_cast<unsigned char>(base64_digits[i])] = static_cast<std::uint8_t>(i);
    }
    return values;
}();

constexpr std::uint8_t hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return static_cast<std::uint8_t>(c - '0');
    }
    const auto lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? static_cast<std::uint8_t>(lower - 'a' + 10) : no_digit;
}

constexpr std::uint32_t byte_at(std::string_view octets, std::size_t i) noexcept {
    return static_cast<unsigned char>(octets[i]);
}

}  // namespace

std::string to_base64(std::string_view octets) {
    std::string text;
    text.reserve((octets.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < octets.size(); i += 3) {
        const std::size_t left = octets.size() - i;
        const std::uint32_t bits = byte_at(octets, i) << 16U |
                                   (left > 1 ? byte_at(octets, i + 1) << 8U : 0U) |
                                   (left > 2 ? byte_at(octets, i + 2) : 0U);
        text += base64_digits[bits >> 18U];
        text += base64_digits[bits >> 12U & 63U];
        text += left > 1 ? base64_digits[bits >> 6U & 63U] : '=';
        text += left > 2 ? base64_digits[bits & 63U] : '=';
    }
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    text.remove_suffix(padding);
    std::string octets;
    octets.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const auto value = base64_values[static_cast<unsigned char>(c)];
        if (value == no_digit) {
            return std::nullopt;
        }
        bits = bits << 6U | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            octets += static_cast<char>(bits >> held & 0xFFU);
        }
    }
    if ((bits & ((1U << held) - 1)) != 0) {
        return std::nullopt;  // bits after the end: two texts would stand for the same bytes
    }
    return octets;
}

std::string to_hex(std::string_view octets) {
    std::string text;
    text.reserve(octets.size() * 2);
    for (std::size_t i = 0; i < octets.size(); ++i) {
        text += hex_digits[byte_at(octets, i) >> 4U];
        text += hex_digits[byte_at(octets, i) & 15U];
    }
    return text;
}

std::optional<std::string> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) {
        return std::nullopt;
    }
    std::string octets;
    octets.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto high = hex_value(text[i]);
        const auto low = hex_value(text[i + 1]);
        if (high == no_digit || low == no_digit) {
            return std::nullopt;
        }
        octets += static_cast<char>(high << 4U | low);
    }
    return octets;
}

}  // namespace fanfetch
