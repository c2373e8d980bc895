#pragma once

#include "url/url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch::testing {

/// Where a second reader thinks a URL leads.
struct SecondReading {
    std::string scheme;
    std::string host;  ///< IPv4 as four numbers, IPv6 as 16 raw bytes in brackets
    std::uint16_t port = 0;

    friend bool operator==(const SecondReading&, const SecondReading&) = default;
};

namespace second {

inline std::string lowered(std::string_view text) {
    std::string out{text};
    for (auto& c : out) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    }
    return out;
}

inline int digit(char c) {
    const std::string_view digits = "0123456789abcdef";
    const auto at = digits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c | 0x20 : c));
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

inline std::string undone(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool triplet = text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
                             digit(text[i + 2]) >= 0;
        out += triplet ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
        i += triplet ? 2 : 0;
    }
    return out;
}

/// One number of an IPv4 address, in any of its spellings; too large ones are 2^32.
inline std::optional<std::uint64_t> number(std::string_view text) {
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    } else if (text.size() > 1 && text.starts_with('0')) {
        base = 8;
        text.remove_prefix(1);
    } else if (text.empty()) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char c : text) {
        if (digit(c) < 0 || digit(c) >= base) {
            return std::nullopt;
        }
        value = std::min<std::uint64_t>(
            value * static_cast<unsigned>(base) + static_cast<unsigned>(digit(c)),
            std::uint64_t{1} << 32U
        );
    }
    return value;
}

/// Whether the last label makes it an address, and then which; "" when it is none.
inline std::optional<std::string> four_numbers(std::string host) {
    if (host.ends_with('.')) {
        host.pop_back();
    }
    const auto last = host.substr(host.rfind('.') + 1);
    const bool digits = !last.empty() && last.find_first_not_of("0123456789") == std::string::npos;
    if (!digits && !number(last)) {
        return std::nullopt;
    }
    std::array<std::uint64_t, 4> parts{};
    std::size_t count = 0;
    for (std::size_t begin = 0; begin <= host.size();) {
        const auto end = std::min(host.find('.', begin), host.size());
        const auto part = number(std::string_view{host}.substr(begin, end - begin));
        if (!part || count == 4) {
            return "";
        }
        parts[count++] = *part;
        begin = end + 1;
    }
    std::uint64_t address = 0;
    for (std::size_t i = 0; i + 1 < count; ++i) {
        if (parts[i] > 255) {
            return "";
        }
        address |= parts[i] << (24 - 8 * i);
    }
    if (parts[count - 1] >> (8 * (5 - count)) != 0) {
        return "";
    }
    address |= parts[count - 1];
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += std::to_string(address >> static_cast<unsigned>(shift) & 255U);
        text += shift > 0 ? "." : "";
    }
    return text;
}

}  // namespace second

/// Reads scheme, host and port of an absolute http or https URL in a second way, written from the
/// standard on its own and with other means: by cutting the text, where the parser is a state
/// machine. nullopt when it cannot tell, as for names that are not ASCII.
///
/// Source  https://url.spec.whatwg.org/#concept-basic-url-parser, #concept-host-parser
inline std::optional<SecondReading> read_again(std::string_view text) {
    using namespace second;
    SecondReading reading;
    const auto colon = text.find(':');
    reading.scheme = lowered(text.substr(0, colon));
    if (colon == std::string_view::npos ||
        (reading.scheme != "http" && reading.scheme != "https")) {
        return std::nullopt;
    }
    text.remove_prefix(colon + 1);
    text.remove_prefix(std::min(text.find_first_not_of("/\\"), text.size()));
    auto authority = text.substr(0, text.find_first_of("/\\?#"));
    authority = authority.substr(authority.rfind('@') + 1);

    const auto bracket = authority.starts_with('[') ? authority.find(']') : 0;
    if (bracket == std::string_view::npos) {
        return std::nullopt;
    }
    const auto port_at = authority.find(':', bracket);
    const auto port = port_at == std::string_view::npos ? "" : authority.substr(port_at + 1);
    reading.port = reading.scheme == "http" ? 80 : 443;
    if (!port.empty()) {
        const auto value = port.find_first_not_of("0123456789") == std::string_view::npos
                               ? std::strtoull(std::string{port}.c_str(), nullptr, 10)
                               : 65'536;
        if (value > 65'535) {
            return std::nullopt;
        }
        reading.port = static_cast<std::uint16_t>(value);
    }
    const auto host = authority.substr(0, port_at);
    if (bracket > 0) {
        std::array<char, 16> bytes{};
        const std::string inside{host.substr(1, host.size() - 2)};
        if (inet_pton(AF_INET6, inside.c_str(), bytes.data()) != 1) {
            return std::nullopt;
        }
        reading.host = "[" + std::string(bytes.data(), bytes.size()) + "]";
        return reading;
    }
    auto name = lowered(undone(host));
    if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) > 0x7f; }) ||
        name.find("xn--") != std::string::npos) {
        return std::nullopt;
    }
    const auto address = four_numbers(name);
    reading.host = address ? *address : std::move(name);
    return reading;
}

/// Whether the second reader, where it can tell, finds the host and port that `url` has. What
/// `url` was read from and what it is written as must both lead there.
inline bool same_place(std::string_view text, const Url& url) {
    const auto written = read_again(url.href());
    const auto given = read_again(text);
    const bool agrees =
        !written || (written->scheme == url.scheme() && written->port == url.port());
    const bool named = !written || url.host().starts_with('[') || written->host == url.host();
    return agrees && named && (!given || given == written);
}

}  // namespace fanfetch::testing
