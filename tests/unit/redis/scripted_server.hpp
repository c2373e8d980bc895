#pragma once

#include "coro/loop.hpp"
#include "net/connection.hpp"
#include "redis/endpoint.hpp"
#include "reply_samples.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace fanfetch::testing {

/// The server's end of one connection, which a test speaks for byte by byte.
///
/// Errors  std::runtime_error when the client sends something else than was expected
class ScriptedPeer {
public:
    explicit ScriptedPeer(TcpSocket socket) : socket_{std::move(socket)} {}

    /// Reads exactly `bytes`.
    awaitable<> expect(std::string bytes) {
        std::string got(bytes.size(), '\0');
        auto buffer = boost::asio::buffer(got);
        auto [error, size] = co_await boost::asio::async_read(socket_, buffer, no_throw);
        got.resize(size);
        if (got != bytes) {
            throw std::runtime_error{"expected " + bytes + ", got " + got};
        }
    }

    /// A client that has gone meanwhile is seen elsewhere.
    awaitable<> send(std::string bytes) {
        auto buffer = boost::asio::buffer(bytes);
        (void)co_await boost::asio::async_write(socket_, buffer, no_throw);
    }

    /// Waits for the client to end the connection, which it must do without another word.
    awaitable<> must_end() {
        const auto unread = co_await left_unread();
        if (unread > 0) {
            throw std::runtime_error{"the client goes on"};
        }
    }

    /// Waits for the client to end the connection; how much it said before.
    awaitable<std::size_t> left_unread() {
        std::array<char, 4096> bytes;
        std::size_t total = 0;
        for (;;) {
            auto buffer = boost::asio::buffer(bytes);
            auto [error, size] = co_await socket_.async_read_some(buffer, no_throw);
            if (error) {
                co_return total;
            }
            total += size;
        }
    }

    /// Answers the greeting of a client that has no password.
    awaitable<> greet() {
        co_await expect("*1\r\n$4\r\nping\r\n");
        co_await send("+PONG\r\n");
    }

    /// Expects one command with names (of one letter each), and confirms each.
    awaitable<> serve(std::string word, std::string letters) {
        std::string command = "*" + std::to_string(letters.size() + 1) + "\r\n" + bulk(word);
        std::string answer;
        for (const char letter : letters) {
            command += bulk({letter});
            answer += confirmation(word, {letter});
        }
        co_await expect(std::move(command));
        co_await send(std::move(answer));
    }

    void hang_up() { socket_.close(); }

private:
    TcpSocket socket_;
};

/// A server on a loopback port of its own, on the test's loop.
class ScriptedServer {
public:
    explicit ScriptedServer(LoopExecutor loop)
        : acceptor_{loop, {boost::asio::ip::address_v4::loopback(), 0}},
          endpoint_{"127.0.0.1", acceptor_.local_endpoint().port()} {}

    [[nodiscard]] redis::Endpoint endpoint() const { return endpoint_; }

    awaitable<ScriptedPeer> accept() {
        auto [error, socket] = co_await acceptor_.async_accept(no_throw);
        if (error) {
            throw std::runtime_error{"accepting: " + error.message()};
        }
        co_return ScriptedPeer{std::move(socket)};
    }

    /// The same, greeted.
    awaitable<ScriptedPeer> welcome() {
        auto peer = co_await accept();
        co_await peer.greet();
        co_return peer;
    }

private:
    boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, LoopExecutor> acceptor_;
    redis::Endpoint endpoint_;
};

}  // namespace fanfetch::testing
