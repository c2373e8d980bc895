#pragma once

#include "net/ip_address.hpp"

#include <cstdint>
#include <optional>

namespace fanfetch {

/// What an address is to a program that fetches for strangers, from harmless to worst.
enum class address_class : std::uint8_t {
    global,    ///< anyone on the Internet could reach it as well
    special,   ///< private, reserved, multicast, documentation, a tunnel's prefix
    loopback,  ///< this machine
    metadata,  ///< hands out a cloud's credentials; never dialled, whatever anyone allows
};

/// The class of an address, judged on its bytes.
///
/// An IPv6 address that carries an IPv4 address (see `embedded_v4`) gets the worse of the two
/// classes: the network may translate it, and then the inner one is what is reached.
///
/// Errors   none: every address has a class, and an unassigned one is special
/// Threads  any thread; no state
/// Source   IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890), RFC 4291, and the
///          cloud providers' manuals for the metadata services; the table stands in the .cpp
[[nodiscard]] address_class classify(const IpAddress& address) noexcept;

/// The IPv4 address inside an IPv4-mapped, -compatible or -translated address, a NAT64, 6to4 or
/// Teredo address; nullopt for all others. Of a Teredo address it is the client's, un-obfuscated;
/// the server's is judged too (see `teredo_server`).
///
/// Source  RFC 4291 §2.5.5, RFC 2765 §2.1, RFC 6052 §2.1, RFC 8215, RFC 3056 §2, RFC 4380 §4
[[nodiscard]] std::optional<IpAddress> embedded_v4(const IpAddress& address) noexcept;

/// The IPv4 address of the Teredo server inside a Teredo address; nullopt for all others.
[[nodiscard]] std::optional<IpAddress> teredo_server(const IpAddress& address) noexcept;

}  // namespace fanfetch
