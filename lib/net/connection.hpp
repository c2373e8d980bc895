#pragma once

#include "coro/loop.hpp"
#include "net/address_places.hpp"
#include "net/egress_proxy.hpp"
#include "net/tls_stream.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace fanfetch {

/// How one connection came to be, for the attempt's record.
struct DialReport {
    std::string remote_address;  ///< "192.0.2.1:443", of the origin; empty when nothing was
                                 ///< dialled, or when a proxy alone knows
    std::chrono::microseconds dns{0};
    std::chrono::microseconds connect{0};
    std::chrono::microseconds tls{0};
    std::string tls_version;
    std::string tls_cipher;
    bool tls_verified = false;
    std::string tls_verdict;   ///< "ok", "tls.hostname", …; empty for plain connections
    bool tls_resumed = false;  ///< the verdict is that of the handshake that made the session
    bool http2 = false;        ///< what was agreed on by ALPN; else HTTP/1.1
};

/// An open connection to an origin, plain or TLS. The TLS stream refers to the socket beside it,
/// so the pair lives on the heap and is not moved.
struct Connection {
    explicit Connection(LoopExecutor executor) : socket{executor} {}

    AddressPlace place;  ///< given back when the socket has been closed
    TcpSocket socket;
    std::optional<TlsStream> tls;
    /// Set when a proxy is at the other end and takes requests in absolute form, with its
    /// credentials.
    std::shared_ptr<const EgressProxy> forwarder;
    DialReport report;
};

}  // namespace fanfetch
