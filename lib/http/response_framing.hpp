#pragma once

#include "base/expected.hpp"
#include "http/response_head.hpp"

#include <cstdint>
#include <string_view>

namespace fanfetch {

/// How the end of a response's body is found.
enum class body_framing : std::uint8_t { none, length, chunked, until_close };

struct ResponseFraming {
    body_framing kind = body_framing::none;
    std::uint64_t length = 0;  ///< of the body, when kind is length
    bool keep_alive = false;   ///< the connection may serve another request after this response
};

/// Decides where the body of a response ends and whether the connection outlives it.
///
/// A response that could be read in two ways is refused, not guessed at: Transfer-Encoding beside
/// Content-Length, Transfer-Encoding in HTTP/1.0, any Transfer-Encoding other than one `chunked`
/// (we ask for no other), Content-Lengths that differ or are not plain numbers. Equal ones, as a
/// list or as several fields, are one. Responses that never have a body (to HEAD, 1xx, 204, 304,
/// and 2xx to CONNECT) are not judged by these fields; a 204 that carries them anyway ends the
/// connection, because its sender may believe in a body.
///
/// Errors   http_malformed
/// Threads  pure
/// Source   RFC 9112 §6.1, §6.3, §9.3; RFC 9110 §8.6
[[nodiscard]] Expected<ResponseFraming> frame_response(
    std::string_view method, const ResponseHead& head
);

}  // namespace fanfetch
