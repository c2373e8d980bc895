#pragma once

#include "net/connection.hpp"
#include "origin/script.hpp"

namespace fanfetch::origin {

/// Sends what the script says, at its pace, until its end or until the client has had enough.
///
/// Returns whether the connection waits for another request; if not, it has been closed or reset.
///
/// Errors   none: a client that leaves is the usual end of an endless script
/// Threads  the loop of the socket
[[nodiscard]] awaitable<bool> play(TcpSocket& socket, Script script);

}  // namespace fanfetch::origin
