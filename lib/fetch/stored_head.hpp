#pragma once

#include "http/response_head.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace fanfetch {

/// What is stored of a response beside its header block.
struct StoredPayload {
    /// Its length; none: the response has no body by its nature, as that to a HEAD, and what it
    /// says of a length is about another one's.
    std::optional<std::uint64_t> size;
    bool decoded = false;  ///< it is not as it came, but without its content codings
};

/// The header block of a response as it is stored.
///
/// `Transfer-Encoding` and, when the payload was decoded, `Content-Encoding`, which no longer hold,
/// stand under `X-Crawler-` names; `Content-Length` is that of the payload, or as it came when
/// there can be none. Everything else is as it came, in order.
///
/// Source  the practice of web archives, WARC/1.1 §6.3.2 (response records)
[[nodiscard]] std::string stored_head(const ResponseHead& head, const StoredPayload& payload);

}  // namespace fanfetch
