#include "redis/wire.hpp"

#include "net/connector.hpp"
#include "net/wakeup.hpp"
#include "redis/errors.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <string_view>
#include <utility>

namespace fanfetch::redis {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

template <int name>
using TcpNumber = asio::detail::socket_option::integer<IPPROTO_TCP, name>;

/// A subscriber may hear nothing for days, and must still learn that its server's machine is gone:
/// half a minute of silence, then three questions ten seconds apart.
void keep_alive(TcpSocket& socket) {
    constexpr int idle_seconds = 30;
    constexpr int interval_seconds = 10;
    constexpr int questions = 3;
    error_code ignored;  // without it we only notice later
    socket.set_option(asio::socket_base::keep_alive{true}, ignored);
    socket.set_option(TcpNumber<TCP_KEEPIDLE>{idle_seconds}, ignored);
    socket.set_option(TcpNumber<TCP_KEEPINTVL>{interval_seconds}, ignored);
    socket.set_option(TcpNumber<TCP_KEEPCNT>{questions}, ignored);
}

}  // namespace

Wire::Wire(TcpSocket socket, ReplyLimits limits) : socket_{std::move(socket)}, replies_{limits} {}

awaitable<Reply> Wire::read() {
    for (;;) {
        if (auto reply = replies_.next()) {
            co_return std::move(*reply);
        }
        auto [error, size] = co_await socket_.async_read_some(asio::buffer(bytes_), no_throw);
        if (error) {
            co_await rethrow_cancellation();
            throw ConnectionLost{"receiving: " + error.message()};
        }
        replies_.feed(std::string_view{bytes_.data(), size});
    }
}

awaitable<> Wire::write(std::string bytes) {
    auto [error, size] = co_await asio::async_write(socket_, asio::buffer(bytes), no_throw);
    if (error) {
        co_await rethrow_cancellation();
        throw ConnectionLost{"sending: " + error.message()};
    }
}

void Wire::close() noexcept {
    error_code ignored;  // there is nothing to do about a close that fails
    socket_.close(ignored);
}

awaitable<TcpSocket> dial_server(
    Endpoint endpoint, Resolver* names, std::chrono::milliseconds limit
) {
    const auto deadline = saturating_add(Steady::now(), limit);
    auto addresses = co_await addresses_of(endpoint, names, deadline);
    if (!addresses) {
        throw ConnectionLost{"resolving " + to_string(endpoint) + ": " + addresses.error().detail};
    }
    auto dialled = co_await dial(std::move(*addresses), deadline);
    if (!dialled) {
        throw ConnectionLost{dialled.error().detail};
    }
    keep_alive(dialled->socket);
    co_return std::move(dialled->socket);
}

}  // namespace fanfetch::redis
