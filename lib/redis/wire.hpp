#pragma once

#include "coro/loop.hpp"
#include "net/connection.hpp"
#include "redis/endpoint.hpp"
#include "redis/reply_reader.hpp"

#include <array>
#include <chrono>
#include <string>

namespace fanfetch::redis {

/// An open connection to a server: bytes out, replies in.
///
/// One coroutine may read while another writes.
///
/// Errors   ConnectionLost, ProtocolError; system_error, operation_aborted, when the calling
///          coroutine is cancelled
/// Threads  the loop of the socket
class Wire {
public:
    Wire(TcpSocket socket, ReplyLimits limits);

    [[nodiscard]] awaitable<Reply> read();
    [[nodiscard]] awaitable<> write(std::string bytes);

    /// Ends both directions now; whoever reads or writes gets ConnectionLost.
    void close() noexcept;

private:
    TcpSocket socket_;
    ReplyReader replies_;
    std::array<char, 16 * 1024> bytes_;
};

/// Dials a server: plain TCP, not through the gate. The kernel is told to notice a peer that is
/// gone without a word within a minute.
///
/// Errors  ConnectionLost
[[nodiscard]] awaitable<TcpSocket> dial_server(
    Endpoint endpoint, Resolver* names, std::chrono::milliseconds limit
);

}  // namespace fanfetch::redis
