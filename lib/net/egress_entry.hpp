#pragma once

#include "base/expected.hpp"
#include "net/ip_address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace fanfetch {

/// One host name, or every name below it.
struct HostPattern {
    std::string name;      ///< lower case, no trailing dot
    bool subtree = false;  ///< "*.example.com": the names below, not example.com itself

    [[nodiscard]] bool matches(std::string_view host) const noexcept;
};

/// One entry of `egress.allow` or `egress.deny`, or of a key's `egress_allow`.
///
/// Written as `10.0.0.0/8`, `10.1.2.3:8080`, `fd00::/8`, `[fd00::/8]:8080`, `[::1]:8080`,
/// `example.com`, `example.com:8080` or `*.example.com`.
struct EgressEntry {
    std::variant<Cidr, HostPattern> target;
    std::optional<std::uint16_t> port;  ///< nullopt: the entry says nothing about ports

    /// Errors  request_invalid, naming the entry and what is wrong with it
    [[nodiscard]] static Expected<EgressEntry> parse(std::string_view text);

    [[nodiscard]] bool covers(const IpAddress& address) const noexcept;
    [[nodiscard]] bool covers(std::string_view host) const noexcept;
    /// Whether it names a cloud's metadata service and nothing else: no list can allow that.
    [[nodiscard]] bool never_allowed() const noexcept;
    [[nodiscard]] bool covers_port(std::uint16_t asked) const noexcept {
        return !port || *port == asked;
    }
};

/// A host as the policy compares it: without the trailing dot of an absolute name.
[[nodiscard]] constexpr std::string_view without_trailing_dot(std::string_view host) noexcept {
    return host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
}

}  // namespace fanfetch
