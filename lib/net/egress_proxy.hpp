#pragma once

#include "base/expected.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace fanfetch {

/// Who turns a name into the address that is dialled when there is a proxy.
enum class proxy_resolve : std::uint8_t {
    local,  ///< we do, and the proxy is told the address that was judged
    proxy,  ///< the proxy does, and is trusted to judge it
};

/// The operator's HTTP proxy, through which everything goes that is fetched.
///
/// Its own address is not judged: whoever runs the service put it there. It comes from the settings
/// alone, never from `http_proxy` and its like.
///
/// Threads  immutable value
/// Source   RFC 9110 §9.3.6 (CONNECT), §11.7 (proxy authentication); RFC 7617 (Basic)
struct EgressProxy {
    std::string host;  ///< as in a Url
    std::uint16_t port = 0;
    std::string authorization{};  ///< the value of Proxy-Authorization; empty: none. A secret
    proxy_resolve resolve = proxy_resolve::local;

    /// Reads `http://host:port` or `http://user:password@host:port`; user and password may be
    /// percent-encoded, and a port that is not there is 80.
    ///
    /// Errors  request_invalid; the detail repeats nothing, since a password may be anywhere
    [[nodiscard]] static Expected<EgressProxy> parse(std::string_view text);
};

/// The same text with its password hidden, for showing.
[[nodiscard]] std::string without_password(std::string_view proxy);

}  // namespace fanfetch
