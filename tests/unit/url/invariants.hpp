#pragma once

#include "url/canonical.hpp"
#include "url/parser.hpp"
#include "url/url.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace fanfetch::testing {

/// What is wrong with a URL that was read; empty when it keeps every promise. Shared by the
/// property tests and the fuzz target.
inline std::string broken_promise(const Url& url) {
    const auto printable = [](char byte) { return byte > 0x20 && byte < 0x7f; };
    const auto upper = [](char byte) { return byte >= 'A' && byte <= 'Z'; };
    const auto host = url.host();
    if (url.href().size() > Url::max_length) {
        return "longer than the limit";
    }
    if (!std::ranges::all_of(url.href(), printable)) {
        return "a byte in href that has no place in a request";
    }
    if (host.empty() || std::ranges::any_of(host, upper) ||
        host.find_first_of("%@/\\?#<>^|") != std::string_view::npos) {
        return "a host with a forbidden byte";
    }
    if (host.find_first_of("[]:") != std::string_view::npos &&
        !(host.front() == '[' && host.back() == ']')) {
        return "a host with a stray bracket or colon";
    }
    const auto target = url.target();
    if (!target.starts_with('/') || target.find('#') != std::string_view::npos) {
        return "a target that is no request target";
    }
    const auto rest = url.href().substr(url.scheme().size() + 3);
    if (!rest.starts_with(std::string{url.host_header()} + std::string{target})) {
        return "parts that do not add up to href";
    }
    const auto again = Url::parse(url.href());
    if (!again || again->href() != url.href() || again->host() != host ||
        again->port() != url.port()) {
        return "href reads as another URL";
    }
    return {};
}

/// Whether the short way and the full parser agree on `text`: what the short way takes, the full
/// one returns unchanged and cut at the same places.
inline bool both_ways_agree(std::string_view text) {
    const auto layout = canonical_layout(text);
    if (!layout) {
        return true;
    }
    const auto in_full = parse_url(text, nullptr);
    return in_full && in_full->href == text && in_full->layout == *layout;
}

}  // namespace fanfetch::testing
