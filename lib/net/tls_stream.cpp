#include "net/tls_stream.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <cerrno>
#include <new>
#include <utility>

namespace fanfetch {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

TcpSocket& socket_of(BIO* bio) noexcept {
    return *static_cast<TcpSocket*>(::BIO_get_data(bio));
}

bool would_block(int error) noexcept {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

// A BIO of our own: OpenSSL's raises SIGPIPE, and remembers the descriptor when it has been closed
// and given to somebody else.
int write_bio(BIO* bio, const char* data, std::size_t size, std::size_t* written) {
    ::BIO_clear_retry_flags(bio);
    const auto sent = ::send(socket_of(bio).native_handle(), data, size, MSG_NOSIGNAL);
    if (sent < 0) {
        if (would_block(errno)) {
            ::BIO_set_retry_write(bio);
        }
        return 0;
    }
    *written = static_cast<std::size_t>(sent);
    return 1;
}

int read_bio(BIO* bio, char* space, std::size_t size, std::size_t* read) {
    ::BIO_clear_retry_flags(bio);
    const auto got = ::recv(socket_of(bio).native_handle(), space, size, 0);
    if (got > 0) {
        *read = static_cast<std::size_t>(got);
        return 1;
    }
    if (got == 0) {
        ::BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    } else if (would_block(errno)) {
        ::BIO_set_retry_read(bio);
    }
    return 0;
}

long control_bio(BIO* bio, int command, long, void*) {
    switch (command) {
        case BIO_CTRL_FLUSH:
            return 1;
        case BIO_CTRL_EOF:
            return ::BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
        default:
            return 0;
    }
}

BIO_METHOD* make_method() {
    BIO_METHOD* method =
        ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "fanfetch socket");
    if (method == nullptr) {
        throw std::bad_alloc{};
    }
    ::BIO_meth_set_write_ex(method, write_bio);
    ::BIO_meth_set_read_ex(method, read_bio);
    ::BIO_meth_set_ctrl(method, control_bio);
    return method;
}

BIO* make_bio(TcpSocket& socket) {
    static BIO_METHOD* const method = make_method();  // for good
    BIO* bio = ::BIO_new(method);
    if (bio == nullptr) {
        throw std::bad_alloc{};
    }
    ::BIO_set_data(bio, &socket);
    ::BIO_set_init(bio, 1);
    return bio;
}

/// Why an operation failed for good.
error_code failure_of(int why, int system_error) noexcept {
    const auto queued = ::ERR_get_error();
    if (why == SSL_ERROR_ZERO_RETURN) {
        return asio::error::eof;
    }
    if (queued != 0 && ERR_GET_REASON(queued) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        return asio::ssl::error::stream_truncated;
    }
    if (queued != 0) {
        return {static_cast<int>(queued), asio::error::get_ssl_category()};
    }
    if (system_error != 0) {
        return {system_error, asio::error::get_system_category()};
    }
    return asio::ssl::error::stream_truncated;
}

}  // namespace

TlsStream::TlsStream(TcpSocket& socket, asio::ssl::context& context)
    : socket_{socket}, ssl_{::SSL_new(context.native_handle())} {
    if (!ssl_) {
        throw std::bad_alloc{};
    }
    // What could not be written may be offered again from another place, and in part.
    ::SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    ::SSL_set_read_ahead(ssl_.get(), 1);  // a record's header and body in one read
    BIO* bio = make_bio(socket);
    ::SSL_set_bio(ssl_.get(), bio, bio);  // the one reference is the stream's now
    error_code ignored;                   // the first read tells
    socket_.native_non_blocking(true, ignored);
}

/// Tries until it is done, failed, or cancelled while it waits for the socket. With `wait_first`
/// there is nothing to be had yet: a try would be a system call for nothing.
template <class Operation>
awaitable<TlsStream::Transferred> TlsStream::run(Operation operation, bool wait_first) {
    if (wait_first) {
        const auto [error] = co_await socket_.async_wait(TcpSocket::wait_read, no_throw);
        if (error) {
            co_return Transferred{error, 0};
        }
    }
    for (;;) {
        std::size_t size = 0;
        ::ERR_clear_error();
        errno = 0;
        const int done = operation(ssl_.get(), &size);
        const int system_error = errno;
        if (done > 0) {
            co_return Transferred{error_code{}, size};
        }
        const int why = ::SSL_get_error(ssl_.get(), done);
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
            const auto failure = failure_of(why, system_error);
            ::ERR_clear_error();
            co_return Transferred{failure, 0};
        }
        const auto direction =
            why == SSL_ERROR_WANT_READ ? TcpSocket::wait_read : TcpSocket::wait_write;
        const auto [error] = co_await socket_.async_wait(direction, no_throw);
        if (error) {
            co_return Transferred{error, 0};
        }
    }
}

awaitable<std::tuple<error_code>> TlsStream::handshake() {
    auto connect = [](SSL* ssl, std::size_t*) { return ::SSL_connect(ssl); };
    const auto [error, size] = co_await run(connect);
    co_return std::tuple{error};
}

awaitable<std::tuple<error_code>> TlsStream::accept() {
    auto accept = [](SSL* ssl, std::size_t*) { return ::SSL_accept(ssl); };
    const auto [error, size] = co_await run(accept);
    co_return std::tuple{error};
}

awaitable<TlsStream::Transferred> TlsStream::read_some(asio::mutable_buffer space) {
    auto read = [space](SSL* ssl, std::size_t* size) {
        return ::SSL_read_ex(ssl, space.data(), space.size(), size);
    };
    const bool wait_first =
        std::exchange(has_written_, false) && ::SSL_has_pending(ssl_.get()) == 0;
    return run(read, wait_first);
}

awaitable<TlsStream::Transferred> TlsStream::write_some(asio::const_buffer bytes) {
    auto write = [bytes](SSL* ssl, std::size_t* size) {
        return ::SSL_write_ex(ssl, bytes.data(), bytes.size(), size);
    };
    has_written_ = true;
    return run(write);
}

std::size_t TlsStream::try_read(asio::mutable_buffer space, error_code& error) noexcept {
    std::size_t size = 0;
    ::ERR_clear_error();
    errno = 0;
    const int done = ::SSL_read_ex(ssl_.get(), space.data(), space.size(), &size);
    const int system_error = errno;
    error = {};
    if (done != 1) {
        const int why = ::SSL_get_error(ssl_.get(), done);
        error = why == SSL_ERROR_WANT_READ ? error_code{asio::error::would_block}
                                           : failure_of(why, system_error);
        ::ERR_clear_error();
    }
    return size;
}

std::size_t TlsStream::try_write(asio::const_buffer bytes, error_code& error) noexcept {
    std::size_t size = 0;
    has_written_ = true;
    ::ERR_clear_error();
    errno = 0;
    const int done = ::SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size);
    const int system_error = errno;
    error = {};
    if (done != 1) {
        const int why = ::SSL_get_error(ssl_.get(), done);
        error = why == SSL_ERROR_WANT_WRITE ? error_code{asio::error::would_block}
                                            : failure_of(why, system_error);
        ::ERR_clear_error();
    }
    return size;
}

void TlsStream::close_notify() noexcept {
    if (::SSL_is_init_finished(ssl_.get()) == 1) {
        ::SSL_shutdown(ssl_.get());
        ::ERR_clear_error();
    }
}

std::size_t TlsStream::read_buffered(std::span<char> space) noexcept {
    if (::SSL_has_pending(ssl_.get()) == 0) {
        return 0;
    }
    // What an answer to the origin may be (a key update) leaves with this or the next write.
    std::size_t size = 0;
    ::ERR_clear_error();
    const int done = ::SSL_read_ex(ssl_.get(), space.data(), space.size(), &size);
    ::ERR_clear_error();
    return done == 1 ? size : 0;
}

}  // namespace fanfetch
