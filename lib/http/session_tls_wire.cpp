#include "http/session_tls_wire.hpp"

#include "http/problem.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/ssl/error.hpp>

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace fanfetch {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// What goes into one record.
constexpr std::size_t record_bytes = 16U << 10U;

bool is_plain_http(const error_code& error) noexcept {
    if (error.category() != asio::error::get_ssl_category()) {
        return false;
    }
    const auto reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
    return reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST;
}

std::string plain_answer() {
    const auto body = problem_json(
        problem_of(
            failed(failure_code::api_bad_request, "reading the request: this port speaks HTTPS")
        ),
        {}, {}
    );
    return "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n"
           "Connection: close\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TlsWire::TlsWire(TcpSocket socket, TlsIdentity& identity)
    : SocketWire{std::move(socket)}, stream_{identity.serve(socket_)} {}

awaitable<IoResult> TlsWire::read_some(asio::mutable_buffer space) {
    return established_ ? stream_.read_some(space) : first_read(space);
}

awaitable<IoResult> TlsWire::first_read(asio::mutable_buffer space) {
    const auto [failure] = co_await stream_.accept();
    if (failure) {
        if (is_plain_http(failure)) {
            answer_in_plain();
            co_return IoResult{asio::error::eof, 0};
        }
        co_return IoResult{failure, 0};
    }
    established_ = true;
    const auto read = co_await stream_.read_some(space);
    co_return read;
}

/// As much of it as goes out at once, which is all of it on a fresh connection.
void TlsWire::answer_in_plain() noexcept {
    const auto answer = plain_answer();
    error_code ignored;
    socket_.write_some(asio::buffer(answer), ignored);
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

void TlsWire::start_read(
    asio::mutable_buffer space, std::function<void(error_code, std::size_t)> done
) {
    error_code error;
    const auto size = stream_.try_read(space, error);
    if (error != asio::error::would_block) {
        auto tell = [done = std::move(done), error, size] { done(error, size); };
        asio::post(socket_.get_executor(), std::move(tell));
        return;
    }
    auto ready = [this, space, done = std::move(done)](error_code failure) mutable {
        failure ? done(failure, 0) : start_read(space, std::move(done));
    };
    socket_.async_wait(TcpSocket::wait_read, std::move(ready));
}

/// Small pieces go into one record. The same buffers give the same record, so that one which could
/// not be written is offered again as it was.
std::size_t TlsWire::try_write(const WriteBuffers& buffers, error_code& error) noexcept {
    const auto first =
        std::ranges::find_if(buffers, [](const auto& buffer) { return buffer.size() > 0; });
    if (first == buffers.end()) {
        error = {};
        return 0;
    }
    if (asio::buffer_size(buffers) == first->size() || first->size() >= record_bytes) {
        return stream_.try_write({first->data(), std::min(first->size(), record_bytes)}, error);
    }
    std::array<char, record_bytes> record;
    const auto size = asio::buffer_copy(asio::buffer(record), buffers);
    return stream_.try_write({record.data(), size}, error);
}

awaitable<IoResult> TlsWire::write_some(const WriteBuffers& buffers) {
    for (;;) {
        const auto [failure] = co_await socket_.async_wait(TcpSocket::wait_write, no_throw);
        if (failure) {
            co_return IoResult{failure, 0};
        }
        error_code error;
        const auto size = try_write(buffers, error);
        if (error != asio::error::would_block) {
            co_return IoResult{error, size};
        }
    }
}

void TlsWire::shutdown_send() noexcept {
    stream_.close_notify();
    close_sending();
}

void TlsWire::close() noexcept {
    if (socket_.is_open()) {
        stream_.close_notify();
    }
    close_socket();
}

}  // namespace fanfetch
