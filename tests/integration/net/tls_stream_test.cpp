#include "net/tls_stream.hpp"

#include "support/run_coroutine.hpp"
#include "support/tls_certificates.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <string>
#include <thread>

namespace fanfetch {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using testing::run_coroutine;

/// Another TLS implementation's view of the connection: Asio's blocking stream, on its own thread.
class Peer {
public:
    using Stream = asio::ssl::stream<tcp::socket>;

    explicit Peer(std::function<void(Stream&)> play)
        : acceptor_{io_, {asio::ip::address_v4::loopback(), 0}},
          context_{asio::ssl::context::tls_server} {
        const auto credential = testing::Credential::self_signed({});
        const auto certificate = credential.certificate_pem();
        const auto key = credential.key_pem();
        context_.use_certificate(asio::buffer(certificate), asio::ssl::context::pem);
        context_.use_private_key(asio::buffer(key), asio::ssl::context::pem);
        thread_ = std::thread{[this, play = std::move(play)] {
            Stream stream{acceptor_.accept(), context_};
            error_code error;
            stream.handshake(Stream::server, error);
            if (!error) {
                play(stream);
            }
        }};
    }
    ~Peer() { thread_.join(); }
    Peer(const Peer&) = delete;

    [[nodiscard]] tcp::endpoint where() const { return acceptor_.local_endpoint(); }

private:
    asio::io_context io_;
    tcp::acceptor acceptor_;
    asio::ssl::context context_;
    std::thread thread_;
};

/// Connects, shakes hands and lets `body` do the rest.
template <class Body>
auto with_stream(const Peer& peer, Body body) {
    return run_coroutine([&](LoopExecutor home) {
        return [](LoopExecutor loop, tcp::endpoint where, Body& rest)
                   -> awaitable<
                       typename std::invoke_result_t<Body&, TcpSocket&, TlsStream&>::value_type> {
            asio::ssl::context context{asio::ssl::context::tls_client};
            TcpSocket socket{loop};
            co_await socket.async_connect(where, no_throw);
            TlsStream stream{socket, context};
            co_await stream.handshake();
            co_return co_await rest(socket, stream);
        }(home, peer.where(), body);
    });
}

std::string line_of(Peer::Stream& stream) {
    std::string line(5, ' ');
    error_code error;
    asio::read(stream, asio::buffer(line), error);
    return error ? error.message() : line;
}

TEST(TlsStream, BytesGoBothWays) {
    std::promise<std::string> heard;
    Peer peer{[&](Peer::Stream& stream) {
        heard.set_value(line_of(stream));
        asio::write(stream, asio::buffer("world", 5));
        error_code ignored;  // we end without one
        stream.shutdown(ignored);
    }};
    auto talk = [](TcpSocket& /*socket*/, TlsStream& stream) -> awaitable<std::string> {
        co_await stream.write_some(asio::buffer("hello", 5));
        std::string all;
        std::string space(3, ' ');
        for (;;) {
            const auto [error, size] = co_await stream.read_some(asio::buffer(space));
            if (error) {
                co_return all + " " + error.message();
            }
            all.append(space, 0, size);
            while (const auto more = stream.read_buffered(space)) {
                all.append(space, 0, more);
            }
        }
    };
    EXPECT_EQ(with_stream(peer, talk), "world " + error_code{asio::error::eof}.message());
    EXPECT_EQ(heard.get_future().get(), "hello");
}

TEST(TlsStream, MegabytesGoThroughSocketsThatFillUp) {
    const std::string much(8U << 20U, 'x');
    std::promise<std::size_t> heard;
    Peer peer{[&](Peer::Stream& stream) {
        std::string all(much.size(), ' ');
        error_code error;
        heard.set_value(asio::read(stream, asio::buffer(all), error));
        asio::write(stream, asio::buffer(all), error);
    }};
    auto talk = [&much](TcpSocket& /*socket*/, TlsStream& stream) -> awaitable<std::size_t> {
        for (std::size_t sent = 0; sent < much.size();) {
            const auto [error, size] = co_await stream.write_some(asio::buffer(much) + sent);
            if (error) {
                co_return 0;
            }
            sent += size;
        }
        std::size_t got = 0;
        std::string space(16'384, ' ');
        while (got < much.size()) {
            const auto [error, size] = co_await stream.read_some(asio::buffer(space));
            if (error) {
                break;
            }
            got += size;
        }
        co_return got;
    };
    EXPECT_EQ(with_stream(peer, talk), much.size());
    EXPECT_EQ(heard.get_future().get(), much.size());
}

TEST(TlsStream, Tls13AnEndWithoutCloseNotifyIsTruncation) {
    Peer peer{[](Peer::Stream& stream) { stream.next_layer().close(); }};
    auto talk = [](TcpSocket& /*socket*/, TlsStream& stream) -> awaitable<error_code> {
        char byte = 0;
        const auto [error, size] = co_await stream.read_some(asio::buffer(&byte, 1));
        co_return error;
    };
    EXPECT_EQ(with_stream(peer, talk), error_code{asio::ssl::error::stream_truncated});
}

TEST(TlsStream, WritingToAConnectionThatIsGoneIsAnErrorAndNoSignal) {
    Peer peer{[](Peer::Stream& stream) {
        stream.next_layer().set_option(asio::socket_base::linger{true, 0});  // a reset
        stream.next_layer().close();
    }};
    auto talk = [](TcpSocket& /*socket*/, TlsStream& stream) -> awaitable<error_code> {
        for (;;) {  // SIGPIPE would end this process
            const auto [error, size] = co_await stream.write_some(asio::buffer("x", 1));
            if (error) {
                co_return error;
            }
        }
    };
    EXPECT_TRUE(with_stream(peer, talk));
}

TEST(TlsStream, ClosingTheSocketEndsARead) {
    std::promise<void> over;
    Peer peer{[&](Peer::Stream& /*stream*/) { over.get_future().wait(); }};
    auto talk = [](TcpSocket& socket, TlsStream& stream) -> awaitable<error_code> {
        asio::steady_timer timer{socket.get_executor(), std::chrono::milliseconds{20}};
        timer.async_wait([&socket](error_code) { socket.close(); });
        char byte = 0;
        const auto [error, size] = co_await stream.read_some(asio::buffer(&byte, 1));
        co_return error;
    };
    EXPECT_EQ(with_stream(peer, talk), error_code{asio::error::operation_aborted});
    over.set_value();
}

TEST(TlsStream, SomebodyWhoDoesNotSpeakTlsIsAnError) {
    asio::io_context io;
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    std::thread thread{[&] {
        auto socket = acceptor.accept();
        asio::write(socket, asio::buffer("HTTP/1.1 400 Bad Request\r\n\r\n", 28));
        char byte = 0;
        error_code ignored;
        while (socket.read_some(asio::buffer(&byte, 1), ignored) != 0) {
        }
    }};
    const auto error = run_coroutine([&](LoopExecutor home) -> awaitable<error_code> {
        asio::ssl::context context{asio::ssl::context::tls_client};
        TcpSocket socket{home};
        co_await socket.async_connect(acceptor.local_endpoint(), no_throw);
        TlsStream stream{socket, context};
        const auto [failure] = co_await stream.handshake();
        co_return failure;
    });
    thread.join();
    EXPECT_EQ(&error.category(), &asio::error::get_ssl_category());
}

}  // namespace
}  // namespace fanfetch
