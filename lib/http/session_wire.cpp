#include "http/session_wire.hpp"

#include <boost/asio/socket_base.hpp>

namespace fanfetch {

namespace asio = boost::asio;
using boost::system::error_code;

// A client that is gone already shows at the first read; nothing else needs to be reported.

SocketWire::SocketWire(TcpSocket socket) : socket_{std::move(socket)} {
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
}

void SocketWire::cancel() noexcept {
    error_code ignored;
    socket_.cancel(ignored);
}

void SocketWire::abort() noexcept {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
    socket_.close(ignored);
}

void SocketWire::close_sending() noexcept {
    error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

void SocketWire::close_socket() noexcept {
    error_code ignored;
    socket_.close(ignored);
}

TcpWire::TcpWire(TcpSocket socket) : SocketWire{std::move(socket)} {
    error_code ignored;
    socket_.non_blocking(true, ignored);
}

awaitable<IoResult> TcpWire::read_some(asio::mutable_buffer space) {
    return socket_.async_read_some(space, no_throw);
}

void TcpWire::start_read(
    asio::mutable_buffer space, std::function<void(error_code, std::size_t)> done
) {
    socket_.async_read_some(space, std::move(done));
}

std::size_t TcpWire::try_write(const WriteBuffers& buffers, error_code& error) noexcept {
    return socket_.write_some(buffers, error);
}

awaitable<IoResult> TcpWire::write_some(const WriteBuffers& buffers) {
    return socket_.async_write_some(buffers, no_throw);
}

}  // namespace fanfetch
