#pragma once

#include "http/response_head.hpp"

#include <cstdint>
#include <string>

namespace fanfetch {

/// The header block of a response as it is stored: of a message whose body is the decoded payload.
///
/// `Content-Encoding` and `Transfer-Encoding`, which no longer hold, stand under `X-Crawler-`
/// names; `Content-Length` is that of the payload. Everything else is as it came, in order.
///
/// Source  the practice of web archives, WARC/1.1 §6.3.2 (response records)
[[nodiscard]] std::string stored_head(const ResponseHead& head, std::uint64_t payload_size);

}  // namespace fanfetch
