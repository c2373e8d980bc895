#pragma once

#include "http/content_coding.hpp"
#include "http/header_block.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fanfetch {

/// One request to an origin, but for its body. What the views point to must live until it is
/// written.
struct OutgoingRequest {
    std::string_view method = "GET";
    std::string_view target = "/";  ///< origin form; absolute form to a proxy
    std::string_view host = {};     ///< as it stands in Host: with the port, if not default
    std::span<const FieldView> fields = {};  ///< the caller's, see model/request_rules.hpp
    std::optional<std::uint64_t> body_size = {};
    std::string_view user_agent = {};           ///< unless the caller's fields have one
    std::string_view proxy_authorization = {};  ///< the operator's credentials, to a proxy only
    bool expect_continue = false;  ///< HTTP/1.1 only: the body follows when it has been asked for
};

/// This is the last line of defence, whatever the validation at the door has missed: a part that
/// would break the framing, or a field that is not the caller's to set (Host, Connection and all
/// the other names that belong to the connection or to the framing, in any case and with
/// underscores for hyphens), throws std::logic_error.
void assert_sendable(const OutgoingRequest& request);

/// A field that we add unless the caller's own has its name.
[[nodiscard]] bool lacks_field(const OutgoingRequest& request, std::string_view name);
/// Whether Content-Length is sent: if there is a body or the method usually has one, since a server
/// may wait for a body of these unless it is told that there is none.
[[nodiscard]] bool sends_length(const OutgoingRequest& request) noexcept;

/// Calls `visit(name, value)` with each field but Host, in any version of HTTP: the caller's as
/// they are; then, where the caller has not set them, User-Agent, `Accept: */*` and
/// Accept-Encoding with what we can decode; last Content-Length, which is `length`.
template <class Visit>
void for_each_field(const OutgoingRequest& request, std::string_view length, Visit visit) {
    for (const auto& [name, value] : request.fields) {
        visit(name, value);
    }
    if (!request.user_agent.empty() && lacks_field(request, "User-Agent")) {
        visit(std::string_view{"User-Agent"}, request.user_agent);
    }
    if (lacks_field(request, "Accept")) {
        visit(std::string_view{"Accept"}, std::string_view{"*/*"});
    }
    if (lacks_field(request, "Accept-Encoding")) {
        visit(std::string_view{"Accept-Encoding"}, accept_encoding());
    }
    if (sends_length(request)) {
        visit(std::string_view{"Content-Length"}, length);
    }
}

/// Appends the head of an HTTP/1.1 request to `out`: Host first, then the fields, last Expect.
///
/// Errors   std::logic_error, see `assert_sendable`, before anything is appended
/// Source  RFC 9112 §3; RFC 9110 §7.2, §7.6.1, §8.6
void write_request_head(std::string& out, const OutgoingRequest& request);

}  // namespace fanfetch
