#pragma once

#include "base/expected.hpp"
#include "base/time.hpp"
#include "net/connection.hpp"
#include "net/egress_proxy.hpp"

#include <string>

namespace fanfetch {

/// Asks the proxy at the other end of `socket` for a tunnel to `target` ("192.0.2.1:443",
/// "example.com:443"). Afterwards the socket is as if it had been connected to the target itself.
///
/// Reads `longest_connect_reply` bytes at most. Bytes behind the answer, before we have sent
/// anything, are a failure: nobody could tell whose they are.
///
/// Errors   connect_refused, connect_unreachable, connect_reset, connect_timeout, whose details
///          name the proxy; nothing of its answer but the status is repeated
/// Threads  the loop of the socket
/// Source   RFC 9110 §9.3.6
[[nodiscard]] awaitable<Expected<void>> open_tunnel(
    TcpSocket& socket, const EgressProxy& proxy, std::string target, Steady::time_point deadline
);

}  // namespace fanfetch
