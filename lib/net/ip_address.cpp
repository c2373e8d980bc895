#include "net/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace fanfetch {
namespace {

/// Longest text inet_pton can accept, with its terminator.
constexpr std::size_t text_size = INET6_ADDRSTRLEN;

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
    std::array<char, text_size> buffer{};
    if (text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) {
        return std::nullopt;
    }
    std::ranges::copy(text, buffer.begin());
    V4Bytes v4{};
    if (::inet_pton(AF_INET, buffer.data(), v4.data()) == 1) {
        return IpAddress{v4};
    }
    V6Bytes v6{};
    if (::inet_pton(AF_INET6, buffer.data(), v6.data()) == 1) {
        return IpAddress{v6};
    }
    return std::nullopt;
}

std::string to_string(const IpAddress& address) {
    std::array<char, text_size> buffer{};
    ::inet_ntop(
        address.v6() ? AF_INET6 : AF_INET, address.bytes().data(), buffer.data(), buffer.size()
    );
    return buffer.data();
}

std::string to_string(const IpEndpoint& endpoint) {
    const std::string address = to_string(endpoint.address);
    const std::string port = std::to_string(endpoint.port);
    return endpoint.address.v6() ? '[' + address + "]:" + port : address + ':' + port;
}

std::optional<std::uint16_t> parse_port(std::string_view digits) noexcept {
    std::uint16_t port = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, port);
    const bool whole = error == std::errc{} && stop == end && port != 0;
    return whole ? std::optional{port} : std::nullopt;
}

std::optional<IpEndpoint> parse_endpoint(
    std::string_view text, std::uint16_t default_port
) noexcept {
    if (const auto alone = IpAddress::parse(text)) {
        return IpEndpoint{*alone, default_port};
    }
    const std::size_t colon = text.rfind(':');
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) {
        host = host.substr(1, host.size() - 2);
    }
    const auto address = IpAddress::parse(host);
    const auto port =
        colon == std::string_view::npos ? std::nullopt : parse_port(text.substr(colon + 1));
    if (!address || !port || address->v6() != bracketed) {
        return std::nullopt;
    }
    return IpEndpoint{*address, *port};
}

bool Cidr::contains(const IpAddress& address) const noexcept {
    if (address.v6() != base.v6()) {
        return false;
    }
    const auto ours = base.bytes();
    const auto theirs = address.bytes();
    const std::size_t whole = prefix / 8;
    if (!std::equal(
            ours.begin(), ours.begin() + static_cast<std::ptrdiff_t>(whole), theirs.begin()
        )) {
        return false;
    }
    const unsigned rest = prefix % 8;
    return rest == 0 || ((ours[whole] ^ theirs[whole]) >> (8 - rest)) == 0;
}

std::optional<Cidr> Cidr::parse(std::string_view text) noexcept {
    const std::size_t slash = text.find('/');
    const auto base = IpAddress::parse(text.substr(0, slash));
    if (!base) {
        return std::nullopt;
    }
    const auto bits = static_cast<unsigned>(base->bytes().size() * 8);
    if (slash == std::string_view::npos) {
        return Cidr{*base, bits};
    }
    const std::string_view digits = text.substr(slash + 1);
    unsigned prefix = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc{} || end != digits.data() + digits.size() || prefix > bits) {
        return std::nullopt;
    }
    const auto bytes = base->bytes();
    for (unsigned bit = prefix; bit < bits; ++bit) {
        if ((bytes[bit / 8] >> (7 - bit % 8) & 1U) != 0) {
            return std::nullopt;
        }
    }
    return Cidr{*base, prefix};
}

}  // namespace fanfetch
