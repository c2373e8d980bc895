#pragma once

#include "base/expected.hpp"
#include "http/server_parser.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace fanfetch {

/// How a request's body is delimited, and what becomes of the connection after it.
struct RequestFraming {
    bool chunked = false;
    std::optional<std::uint64_t> length{};  ///< Content-Length, where there is one
    bool keep_alive = true;
    bool expects_continue = false;

    [[nodiscard]] bool has_body() const noexcept { return chunked || length.value_or(0) > 0; }
};

/// Decides where the request ends, or that nobody can be sure.
///
/// Exactly one Host in HTTP/1.1 (at most one in 1.0), and it is a host; Transfer-Encoding is
/// "chunked" and nothing else, never in HTTP/1.0 and never beside Content-Length; Content-Length
/// comes once and is a number. What is doubtful is refused, never repaired.
///
/// Errors   api_bad_request; api_not_implemented for other transfer codings before "chunked" and
///          for CONNECT
/// Source   RFC 9112 §3.2, §6.1–6.3, §9.3; RFC 9110 §7.2, §10.1.1
[[nodiscard]] Expected<RequestFraming> judge_framing(const RequestHead& head);

/// Whether `text` is a host with an optional port, as the Host field has it.
[[nodiscard]] bool is_host_and_port(std::string_view text) noexcept;

/// Nothing when the request's body is of one of `types` ("application/json"; parameters do not
/// matter) and has no content coding; else api_unsupported_media. A missing Content-Type counts as
/// the first of them.
///
/// Source   RFC 9110 §8.3, §8.4, §15.5.16
[[nodiscard]] std::optional<Failure> check_media_type(
    const http::fields& headers, std::initializer_list<std::string_view> types
);

/// The media type of a Content-Type in lower case, without parameters.
[[nodiscard]] std::string media_type_of(std::string_view content_type);

}  // namespace fanfetch
