#pragma once

#include "coro/loop.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <span>
#include <tuple>

namespace fanfetch {

using TcpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, LoopExecutor>;

/// One end of a TLS connection over a connected socket: the client's, or the server's when the
/// context is one for servers.
///
/// OpenSSL reads and writes the socket itself, without blocking, and gives its buffers back when
/// they are empty, so that a connection which waits for an answer costs some 15 KiB. (Asio's stream
/// puts four buffers of a record each between the two: 70 KiB.)
///
/// Reading and writing may be under way at the same time, each once. To cancel is to cancel the
/// coroutine or to close the socket.
///
/// Errors   boost::asio::error::eof after the peer's close_notify, ssl::error::stream_truncated
/// when
///          the connection ends without one; else the system's or OpenSSL's
/// Threads  the socket's loop
class TlsStream {
public:
    using Transferred = std::tuple<boost::system::error_code, std::size_t>;

    /// Refers to `socket`.
    TlsStream(TcpSocket& socket, boost::asio::ssl::context& context);

    [[nodiscard]] SSL* native_handle() const noexcept { return ssl_.get(); }

    [[nodiscard]] awaitable<std::tuple<boost::system::error_code>> handshake();
    /// The same for the server's end.
    [[nodiscard]] awaitable<std::tuple<boost::system::error_code>> accept();
    /// At least one byte, or an error.
    [[nodiscard]] awaitable<Transferred> read_some(boost::asio::mutable_buffer space);
    [[nodiscard]] awaitable<Transferred> write_some(boost::asio::const_buffer bytes);

    /// Reads what is there at once; `would_block` when that is nothing.
    std::size_t try_read(
        boost::asio::mutable_buffer space, boost::system::error_code& error
    ) noexcept;

    /// Writes what goes out at once, up to a record; `would_block` when that is nothing. Then the
    /// same bytes, or more behind them, come next.
    std::size_t try_write(
        boost::asio::const_buffer bytes, boost::system::error_code& error
    ) noexcept;

    /// Says that nothing more will be sent, if it can be said at once.
    void close_notify() noexcept;

    /// What has been received already and can be decrypted without waiting, up to a record; 0 when
    /// that is nothing, whatever the reason: the next read tells it.
    ///
    /// A read gives one record and costs a turn of the loop, though the network often gives many.
    [[nodiscard]] std::size_t read_buffered(std::span<char> space) noexcept;

private:
    struct Release {
        void operator()(SSL* ssl) const noexcept { ::SSL_free(ssl); }
    };

    template <class Operation>
    awaitable<Transferred> run(Operation operation, bool wait_first = false);

    TcpSocket& socket_;
    std::unique_ptr<SSL, Release> ssl_;
    bool has_written_ = false;  ///< since the last read: what answers it is not there yet
};

}  // namespace fanfetch
