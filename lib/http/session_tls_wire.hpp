#pragma once

#include "http/session_wire.hpp"
#include "net/tls_server.hpp"

namespace fanfetch {

/// TLS over TCP. The handshake is part of the first read, and so has the deadline of the first
/// header: whoever makes it slowly holds up nobody.
///
/// Who speaks plain HTTP to it is told so in plain HTTP.
class TlsWire final : public SocketWire {
public:
    /// `identity` is used here and not kept.
    TlsWire(TcpSocket socket, TlsIdentity& identity);

    awaitable<IoResult> read_some(boost::asio::mutable_buffer space) override;
    void start_read(
        boost::asio::mutable_buffer space,
        std::function<void(boost::system::error_code, std::size_t)> done
    ) override;
    std::size_t try_write(
        const WriteBuffers& buffers, boost::system::error_code& error
    ) noexcept override;
    awaitable<IoResult> write_some(const WriteBuffers& buffers) override;
    void shutdown_send() noexcept override;
    void close() noexcept override;

private:
    awaitable<IoResult> first_read(boost::asio::mutable_buffer space);
    void answer_in_plain() noexcept;

    TlsStream stream_;
    bool established_ = false;
};

}  // namespace fanfetch
