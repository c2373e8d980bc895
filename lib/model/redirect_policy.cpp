#include "model/redirect_policy.hpp"

#include "base/log.hpp"
#include "model/options_json.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace fanfetch {
namespace {

bool same_name(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    };
    return std::ranges::equal(a, b, {}, lower, lower);
}

template <std::size_t Count>
void drop(std::vector<HeaderField>& headers, const std::array<std::string_view, Count>& names) {
    std::erase_if(headers, [&names](const HeaderField& field) {
        return std::ranges::any_of(names, [&field](std::string_view name) {
            return same_name(name, field.name);
        });
    });
}

bool becomes_get(std::uint16_t status, std::string_view method) noexcept {
    if (status == 303) {
        return method != "GET" && method != "HEAD";
    }
    return (status == 301 || status == 302) && method == "POST";
}

}  // namespace

void drop_credentials(std::vector<HeaderField>& headers) {
    std::erase_if(headers, [](const HeaderField& field) { return is_credential(field); });
}

Expected<HopRequest> next_hop(
    HopRequest from, std::uint16_t status, std::string_view location, int hops_made,
    const RedirectOptions& options
) {
    constexpr std::array<std::string_view, 5> body_fields{
        "content-encoding", "content-language", "content-location", "content-type",
        "content-length"};

    if (hops_made >= options.max) {
        return failed(
            failure_code::http_redirect_limit,
            "following redirects: more than " + std::to_string(options.max)
        );
    }
    auto target = from.url.resolve(location);
    if (!target) {
        auto why = target.error();
        const bool other_scheme = why.code == failure_code::url_scheme;
        return failed(
            other_scheme ? failure_code::url_scheme : failure_code::http_redirect_invalid,
            "following a redirect to \"" + redact_url(location) + "\": " + why.detail
        );
    }
    if (!target->same_origin(from.url)) {
        if (!options.cross_origin) {
            return failed(
                failure_code::http_redirect_cross_origin, "following a redirect: it leaves " +
                                                              from.url.host_key() + " for " +
                                                              target->host_key()
            );
        }
        drop_credentials(from.headers);
    }
    if (becomes_get(status, from.method)) {
        from.method = "GET";
        from.body.clear();
        drop(from.headers, body_fields);
    }
    from.url = std::move(*target);
    return from;
}

}  // namespace fanfetch
