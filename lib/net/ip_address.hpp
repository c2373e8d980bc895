#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fanfetch {

using V4Bytes = std::array<std::uint8_t, 4>;
using V6Bytes = std::array<std::uint8_t, 16>;

/// An IPv4 or IPv6 address as the bytes that go on the wire.
///
/// Text is read in one spelling only: four plain decimals, or RFC 4291 without brackets. Octal,
/// hexadecimal and shortened IPv4 are the business of the URL parser; a zone id is refused
/// everywhere, because it names an interface of this machine.
///
/// Threads  immutable value
/// Source   RFC 4291 §2.2 (reading), RFC 5952 (writing)
class IpAddress {
public:
    constexpr IpAddress() noexcept = default;  ///< 0.0.0.0
    constexpr explicit IpAddress(const V4Bytes& bytes) noexcept
        : bytes_{bytes[0], bytes[1], bytes[2], bytes[3]} {}
    constexpr explicit IpAddress(const V6Bytes& bytes) noexcept : bytes_{bytes}, v6_{true} {}

    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text) noexcept;

    [[nodiscard]] constexpr bool v6() const noexcept { return v6_; }
    [[nodiscard]] constexpr std::span<const std::uint8_t> bytes() const noexcept {
        return {bytes_.data(), v6_ ? 16U : 4U};
    }
    /// Only when v6() is false.
    [[nodiscard]] constexpr V4Bytes v4_bytes() const noexcept {
        return {bytes_[0], bytes_[1], bytes_[2], bytes_[3]};
    }
    /// Only when v6() is true.
    [[nodiscard]] constexpr const V6Bytes& v6_bytes() const noexcept { return bytes_; }

    /// 0.0.0.0 or ::, which a listener reads as "every address".
    [[nodiscard]] constexpr bool unspecified() const noexcept { return bytes_ == V6Bytes{}; }

    friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) noexcept = default;

private:
    V6Bytes bytes_{};
    bool v6_ = false;
};

/// "192.0.2.1" or "2001:db8::1"
[[nodiscard]] std::string to_string(const IpAddress& address);

/// An address and a port.
struct IpEndpoint {
    IpAddress address;
    std::uint16_t port = 0;

    friend constexpr bool operator==(const IpEndpoint&, const IpEndpoint&) noexcept = default;
};

/// "192.0.2.1:80" or "[2001:db8::1]:80"
[[nodiscard]] std::string to_string(const IpEndpoint& endpoint);

/// Reads "192.0.2.1:53", "[2001:db8::1]:53", or an address alone, which gets `default_port`;
/// nullopt for anything else.
[[nodiscard]] std::optional<IpEndpoint> parse_endpoint(
    std::string_view text, std::uint16_t default_port
) noexcept;

/// Reads a decimal port from 1 to 65535.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view digits) noexcept;

/// A block of addresses: those whose first `prefix` bits are those of `base`.
struct Cidr {
    IpAddress base;
    unsigned prefix = 0;

    /// Reads "10.0.0.0/8" or "fd00::/8"; an address alone is a block of one. Nullopt when bits
    /// beyond the prefix are set: who writes 10.0.0.1/8 has mistyped one of the two.
    [[nodiscard]] static std::optional<Cidr> parse(std::string_view text) noexcept;

    [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
};

}  // namespace fanfetch
