#include "net/tls_buffered.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace fanfetch {

std::size_t read_buffered(TlsStream& stream, std::span<char> space) noexcept {
    // Asio's engine sits between the TLS object and the socket, so nothing here can block. What an
    // answer to the origin there may be (a key update) leaves with the next write.
    std::size_t size = 0;
    ::ERR_clear_error();
    const int done = ::SSL_read_ex(stream.native_handle(), space.data(), space.size(), &size);
    ::ERR_clear_error();
    return done == 1 ? size : 0;
}

}  // namespace fanfetch
