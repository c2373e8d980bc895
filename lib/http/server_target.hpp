#pragma once

#include "base/expected.hpp"
#include "http/server_types.hpp"

#include <string>
#include <string_view>

namespace fanfetch {

/// A request target taken apart.
struct RequestTarget {
    std::string path;       ///< decoded, begins with '/'; "*" alone for `OPTIONS *`
    QueryParameters query;  ///< decoded
    std::string authority;  ///< of the absolute form, as written; empty otherwise
};

/// Reads the origin form, the absolute form (http and https) and the asterisk form.
///
/// A path is decoded segment by segment and must then still be what it looked like: an encoded
/// slash or backslash, a segment "." or ".." in any spelling and an empty segment before the last
/// find nothing; a control character and bytes that are not UTF-8 are refused. In the query
/// '+' is a space.
///
/// Errors   api_not_found for paths nobody has; api_bad_request for what cannot be read;
///          api_bad_parameter for a query that cannot be decoded
/// Source   RFC 9112 §3.2, RFC 3986 §2.1; WHATWG URL §5.1 (the query)
[[nodiscard]] Expected<RequestTarget> parse_request_target(std::string_view target);

/// Decodes %XX, and '+' where `plus` says what it stands for; false when a '%' begins no triplet.
[[nodiscard]] bool decode_percent(std::string_view text, char plus, std::string& out);

}  // namespace fanfetch
