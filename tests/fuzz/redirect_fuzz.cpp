// F13: a chain of redirects. The input is lines of a status and a Location; the first line is the
// URL that the caller asked for. Credentials are sent to the origin they were given for, and from
// the first hop that leaves it to nobody any more.

#include "model/redirect_policy.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace fanfetch;

constexpr int most_hops = 5;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

std::string_view take_line(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

std::string lower(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return out;
}

/// How many of the fields are secrets of the first origin.
std::ptrdiff_t secrets_in(const HopRequest& request) {
    return std::ranges::count_if(request.headers, [](const HeaderField& field) {
        const auto name = lower(field.name);
        return name == "authorization" || name == "cookie" || name == "proxy-authorization";
    });
}

bool plain_kept(const HopRequest& request) {
    return std::ranges::any_of(request.headers, [](const HeaderField& field) {
        return field.name == "X-Plain";
    });
}

void follow(HopRequest request, std::string_view text, const RedirectOptions& options) {
    const auto origin = request.url;
    const auto given = secrets_in(request);
    bool left = false;
    int hops = 0;
    while (!text.empty()) {
        const auto line = take_line(text);
        const auto space = std::min(line.find(' '), line.size());
        std::uint16_t status = 302;
        std::from_chars(line.data(), line.data() + space, status);
        if (!is_redirect(status)) {
            continue;
        }
        const auto location = line.substr(std::min(space + 1, line.size()));
        const auto before = request;
        auto next = next_hop(request, status, location, hops, options);
        if (!next) {
            require(!next.error().detail.empty());
            require(hops < options.max || next.error().code == failure_code::http_redirect_limit);
            return;
        }
        ++hops;
        request = std::move(*next);
        left = left || !request.url.same_origin(before.url);
        require(hops <= options.max);
        require(options.cross_origin || !left);
        require(left ? secrets_in(request) == 0 : secrets_in(request) == given);
        require(left || request.url.same_origin(origin));
        require(plain_kept(request));
        const bool same_method = request.method == before.method;
        require(same_method || (request.method == "GET" && request.body.empty()));
        require((status != 307 && status != 308) || (same_method && request.body == before.body));
        require(before.method != "HEAD" || request.method == "HEAD");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const void* start = data;
    std::string_view text{static_cast<const char*>(start), size};
    const auto url = Url::parse(take_line(text));
    if (!url) {
        return 0;
    }
    for (const std::string_view method : {"GET", "HEAD", "POST", "PUT"}) {
        HopRequest request{*url, std::string{method}, {}, method.starts_with('P') ? "body" : ""};
        request.headers = {
            {"Authorization", "Bearer x"},
            {"X-Plain", "1"},
            {"cOOkie", "a=b"},
            {"Content-Type", "text/plain"},
            {"PROXY-authorization", "y"}};
        follow(request, text, {most_hops, true});
        follow(request, text, {most_hops, false});
        follow(request, text, {0, true});
    }
    return 0;
}
