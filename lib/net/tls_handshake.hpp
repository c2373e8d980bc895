#pragma once

#include "base/expected.hpp"
#include "base/time.hpp"
#include "net/connection.hpp"

#include <string>

namespace fanfetch {

/// Makes the TLS handshake on a connected connection whose `tls` is fresh, and fills in the
/// report. On failure nothing but handshake bytes has been sent.
///
/// Errors   tls_expired, tls_hostname, tls_untrusted, tls_revoked when the certificate is at fault;
///          connect_timeout at the deadline; connect_reset; else tls_handshake
/// Threads  the connection's loop
[[nodiscard]] awaitable<Expected<void>> shake_hands(
    Connection& connection, std::string host, Steady::time_point deadline
);

}  // namespace fanfetch
