#include "url/ascii.hpp"
#include "url/ip_text.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

constexpr std::uint64_t too_large = std::uint64_t{1} << 32U;  // no IPv4 number gets this far

/// The value, at most `too_large`; nullopt for what is not a number.
std::optional<std::uint64_t> read_number(std::string_view text) noexcept {
    if (text.empty()) {
        return std::nullopt;
    }
    unsigned radix = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        radix = 16;
        text.remove_prefix(2);  // "0x" alone is zero
    } else if (text.size() > 1 && text.front() == '0') {
        radix = 8;
        text.remove_prefix(1);
    }
    std::uint64_t value = 0;
    for (const char byte : text) {
        const auto digit = digit_value(byte, radix);
        if (!digit) {
            return std::nullopt;
        }
        value = std::min(value * radix + *digit, too_large);
    }
    return value;
}

std::string_view without_final_dot(std::string_view text) noexcept {
    if (text.ends_with('.')) {
        text.remove_suffix(1);
    }
    return text;
}

}  // namespace

bool ends_in_number(std::string_view host) noexcept {
    host = without_final_dot(host);
    const auto last = host.substr(host.rfind('.') + 1);  // npos + 1 is 0: the whole host
    const bool all_digits = !last.empty() && std::ranges::all_of(last, is_digit);
    return all_digits || read_number(last).has_value();
}

std::optional<Ipv4Bytes> parse_ipv4(std::string_view text) noexcept {
    text = without_final_dot(text);
    std::uint64_t address = 0;
    for (unsigned part = 1; part <= 4; ++part) {
        const auto dot = text.find('.');
        const auto number = read_number(text.substr(0, dot));
        if (!number) {
            return std::nullopt;
        }
        const bool last = dot == std::string_view::npos;
        const unsigned bytes = last ? 5 - part : 1;  // the last number fills what is left
        if (*number >= std::uint64_t{1} << (8 * bytes)) {
            return std::nullopt;
        }
        address = (address << (8 * bytes)) | *number;
        if (last) {
            return Ipv4Bytes{
                static_cast<std::uint8_t>(address >> 24U),
                static_cast<std::uint8_t>(address >> 16U), static_cast<std::uint8_t>(address >> 8U),
                static_cast<std::uint8_t>(address)};
        }
        text.remove_prefix(dot + 1);
    }
    return std::nullopt;
}

std::string format_ipv4(const Ipv4Bytes& address) {
    std::string out;
    for (const auto byte : address) {
        if (!out.empty()) {
            out += '.';
        }
        out += std::to_string(byte);
    }
    return out;
}

}  // namespace fanfetch
