#pragma once

#include "base/expected.hpp"
#include "coro/loop.hpp"
#include "http/server_types.hpp"

#include <boost/json/value.hpp>

#include <cstdint>

namespace fanfetch {

/// Reads the body of a request as one JSON document of at most `limit` bytes. `read_json_object`
/// wants an object, and takes an empty body for `{}`.
///
/// Errors  api_unsupported_media when the body says it is something else; those of
///         RequestBody::read_all and parse_json
awaitable<Expected<boost::json::value>> read_json_body(HttpRequest& request, std::uint64_t limit);
/// As above, where the body of the request is read through `body`.
awaitable<Expected<boost::json::value>> read_json_body(
    const HttpRequest& request, RequestBody& body, std::uint64_t limit
);
awaitable<Expected<boost::json::value>> read_json_object(HttpRequest& request, std::uint64_t limit);

}  // namespace fanfetch
