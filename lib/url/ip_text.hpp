#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// Addresses as bytes in network order: the same types as `bytes_type` of Asio's `address_v4` and
/// `address_v6`, so that they pass from one to the other without a text in between.
using Ipv4Bytes = std::array<std::uint8_t, 4>;
using Ipv6Bytes = std::array<std::uint8_t, 16>;

/// Whether the last label of a host is a number, in which case the host is an IPv4 address or
/// nothing: "127.1", "0x7f.1", "1.2.3.999", "a.b.09", and with a final dot too.
///
/// Source  https://url.spec.whatwg.org/#ends-in-a-number-checker
[[nodiscard]] bool ends_in_number(std::string_view host) noexcept;

/// Reads one to four numbers, each decimal, octal ("017") or hexadecimal ("0xf"), the last filling
/// all bytes that are left; one final dot is allowed. nullopt when it is not an address.
///
/// Source  https://url.spec.whatwg.org/#concept-ipv4-parser
[[nodiscard]] std::optional<Ipv4Bytes> parse_ipv4(std::string_view text) noexcept;

/// Reads the text between the brackets. Zone ids are refused: they name an interface of ours.
///
/// Source  https://url.spec.whatwg.org/#concept-ipv6-parser
[[nodiscard]] std::optional<Ipv6Bytes> parse_ipv6(std::string_view text) noexcept;

/// "192.0.2.1"
[[nodiscard]] std::string format_ipv4(const Ipv4Bytes& address);

/// "2001:db8::1", without brackets: lower case, the first longest run of two or more zero groups
/// compressed, embedded IPv4 as hexadecimal groups too.
///
/// Source  https://url.spec.whatwg.org/#concept-ipv6-serializer
[[nodiscard]] std::string format_ipv6(const Ipv6Bytes& address);

}  // namespace fanfetch
