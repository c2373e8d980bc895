#pragma once

#include "coro/loop.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <tuple>

namespace fanfetch {

using TcpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, LoopExecutor>;

/// How one read or write went.
using IoResult = std::tuple<boost::system::error_code, std::size_t>;

/// What is written in one go: framing, body, framing.
using WriteBuffers = std::array<boost::asio::const_buffer, 3>;

/// The byte stream under a session: plain TCP, or TLS over it. It is the only thing in a session
/// that would know the difference.
///
/// Threads  the loop it was made for; at most one read and one write at a time
class Wire {
public:
    virtual ~Wire() = default;

    virtual awaitable<IoResult> read_some(boost::asio::mutable_buffer space) = 0;
    /// The same with a callback, for reading ahead while a handler runs.
    virtual void start_read(
        boost::asio::mutable_buffer space,
        std::function<void(boost::system::error_code, std::size_t)> done
    ) = 0;
    /// Writes what goes out at once; `would_block` when that is nothing.
    virtual std::size_t try_write(
        const WriteBuffers& buffers, boost::system::error_code& error
    ) noexcept = 0;
    virtual awaitable<IoResult> write_some(const WriteBuffers& buffers) = 0;

    /// Ends the read and the write in progress with operation_aborted.
    virtual void cancel() noexcept = 0;
    /// Says that nothing more will be sent.
    virtual void shutdown_send() noexcept = 0;
    virtual void close() noexcept = 0;
    /// Closes with a reset, so that what was sent cannot pass for complete.
    virtual void abort() noexcept = 0;
};

/// What every wire over a socket has in common.
class SocketWire : public Wire {
public:
    /// Small pieces go out at once.
    explicit SocketWire(TcpSocket socket);

    void cancel() noexcept final;
    void abort() noexcept final;

protected:
    void close_sending() noexcept;
    void close_socket() noexcept;

    TcpSocket socket_;
};

/// Plain TCP.
class TcpWire final : public SocketWire {
public:
    explicit TcpWire(TcpSocket socket);

    awaitable<IoResult> read_some(boost::asio::mutable_buffer space) override;
    void start_read(
        boost::asio::mutable_buffer space,
        std::function<void(boost::system::error_code, std::size_t)> done
    ) override;
    std::size_t try_write(
        const WriteBuffers& buffers, boost::system::error_code& error
    ) noexcept override;
    awaitable<IoResult> write_some(const WriteBuffers& buffers) override;
    void shutdown_send() noexcept override { close_sending(); }
    void close() noexcept override { close_socket(); }
};

}  // namespace fanfetch
