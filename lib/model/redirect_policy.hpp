#pragma once

#include "base/expected.hpp"
#include "model/options.hpp"
#include "url/url.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// A request as it stands before a hop: what the next hop may change.
struct HopRequest {
    Url url;
    std::string method;
    std::vector<HeaderField> headers;
    std::string body;
};

/// Whether a status asks to be followed when it comes with a Location.
///
/// Source  fetch.spec.whatwg.org, "redirect status"
[[nodiscard]] constexpr bool is_redirect(std::uint16_t status) noexcept {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Takes out the header fields that carry credentials (see is_credential).
void drop_credentials(std::vector<HeaderField>& headers);

/// The request of the next hop.
///
/// A 303 (but for GET and HEAD), and a 301 or 302 of a POST, become GET without a body. Leaving
/// the origin drops the credentials for good: they are not restored when a later hop comes back.
///
/// Errors   http_redirect_invalid (no or unreadable target, or one that is not http or https: then
///          url_scheme), http_redirect_limit, http_redirect_cross_origin
/// Source   fetch.spec.whatwg.org, "HTTP-redirect fetch"; RFC 9110 §15.4
[[nodiscard]] Expected<HopRequest> next_hop(
    HopRequest from, std::uint16_t status, std::string_view location, int hops_made,
    const RedirectOptions& options
);

}  // namespace fanfetch
