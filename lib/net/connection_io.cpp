#include "net/connection_io.hpp"

#include <utility>

namespace fanfetch {

namespace asio = boost::asio;

awaitable<TlsStream::Transferred> read_some(Connection& connection, asio::mutable_buffer space) {
    return connection.tls ? connection.tls->read_some(space)
                          : connection.socket.async_read_some(space, no_throw);
}

awaitable<boost::system::error_code> write_all(Connection& connection, std::string_view bytes) {
    asio::const_buffer left{bytes.data(), bytes.size()};
    while (left.size() > 0) {
        auto writing = connection.tls ? connection.tls->write_some(left)
                                      : connection.socket.async_write_some(left, no_throw);
        const auto [error, size] = co_await std::move(writing);
        if (error) {
            co_return error;
        }
        left += size;
    }
    co_return boost::system::error_code{};
}

}  // namespace fanfetch
