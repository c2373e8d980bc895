#include "http/freshness.hpp"

#include "http/field_syntax.hpp"
#include "http/http_date.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace fanfetch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// More seconds than this mean this (RFC 9111 §1.2.2).
constexpr seconds most_delta{2'147'483'648};

/// Cacheable unless something says otherwise (RFC 9110 §15.1), but for 206, which is no whole.
constexpr std::array<std::uint16_t, 11> kept_statuses{200, 203, 204, 300, 301, 308,
                                                      404, 405, 410, 414, 501};

/// What was said of a lifetime: by nobody, by somebody, or so that it means nothing.
template <class Value>
struct Said {
    std::optional<Value> value;
    bool unusable = false;

    void say(const std::optional<Value>& what) {
        unusable = unusable || !what || (value && *value != *what);
        value = what;
    }
};

struct CacheControl {
    bool forbidden = false;  ///< no-store or no-cache
    Said<seconds> max_age;
};

std::optional<seconds> delta_of(std::string_view text) noexcept {
    if (text.size() > 1 && text.front() == '"' && text.back() == '"') {
        text = text.substr(1, text.size() - 2);
    }
    if (text.empty()) {
        return std::nullopt;
    }
    seconds delta{0};
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        delta = std::min(delta * 10 + seconds{c - '0'}, most_delta);
    }
    return delta;
}

/// Takes the list's next element off its front; commas between quotes separate nothing.
std::string_view take_element(std::string_view& list) noexcept {
    bool quoted = false;
    std::size_t at = 0;
    for (; at < list.size() && (quoted || list[at] != ','); ++at) {
        if (quoted && list[at] == '\\') {
            ++at;  // whatever comes next is text
        } else if (list[at] == '"') {
            quoted = !quoted;
        }
    }
    at = std::min(at, list.size());
    const auto element = list.substr(0, at);
    list.remove_prefix(std::min(at + 1, list.size()));
    return trim_ows(element);
}

void read_cache_control(std::string_view list, CacheControl& control) {
    while (!list.empty()) {
        const auto directive = take_element(list);
        const auto equals = directive.find('=');
        const auto name = trim_ows(directive.substr(0, equals));
        const auto value = equals == std::string_view::npos
                               ? std::string_view{}
                               : trim_ows(directive.substr(equals + 1));
        if (equal_ignoring_case(name, "no-store") || equal_ignoring_case(name, "no-cache")) {
            control.forbidden = true;
        } else if (equal_ignoring_case(name, "max-age")) {
            control.max_age.say(delta_of(value));
        }
    }
}

bool varies_in_everything(const HeaderBlock& fields) {
    bool everything = false;
    fields.for_each("vary", [&everything](std::string_view list) {
        for_each_element(list, [&everything](std::string_view name) {
            everything = everything || name == "*";
        });
    });
    return everything;
}

/// How old the response was when it came. Of several values the first one counts; one that cannot
/// be read counts as none.
milliseconds age_on_arrival(const ReceivedResponse& response, WallTime made_at) {
    constexpr milliseconds none{0};
    auto stated = response.fields->find("age").value_or("");
    stated = trim_ows(stated.substr(0, stated.find(',')));
    const milliseconds age = delta_of(stated).value_or(seconds{0});
    const auto on_its_way = std::max(response.received_at - response.asked_at, none);
    return std::max({response.received_at - made_at, age + on_its_way, none});
}

std::optional<milliseconds> heuristic_lifetime(const ReceivedResponse& response, WallTime made_at) {
    const auto text = response.fields->find("last-modified");
    const auto changed = text ? parse_http_date(*text, response.received_at) : std::nullopt;
    if (!changed || *changed >= made_at) {
        return std::nullopt;
    }
    return std::min<milliseconds>((made_at - *changed) / 10, longest_heuristic_freshness);
}

/// How long the response is fresh from when it was made; nullopt: nobody knows.
std::optional<milliseconds> lifetime_of(
    const ReceivedResponse& response, const CacheControl& control, WallTime made_at
) {
    if (control.max_age.unusable) {
        return std::nullopt;
    }
    if (control.max_age.value) {
        return *control.max_age.value;
    }
    Said<WallTime> expires;
    response.fields->for_each("expires", [&](std::string_view text) {
        expires.say(parse_http_date(text, response.received_at));
    });
    if (expires.unusable) {
        return std::nullopt;  // "0", most often: it has expired
    }
    return expires.value ? std::optional{*expires.value - made_at}
                         : heuristic_lifetime(response, made_at);
}

}  // namespace

std::optional<Freshness> freshness_of(const ReceivedResponse& response) {
    if (std::ranges::find(kept_statuses, response.status) == kept_statuses.end()) {
        return std::nullopt;
    }
    CacheControl control;
    response.fields->for_each("cache-control", [&control](std::string_view list) {
        read_cache_control(list, control);
    });
    if (control.forbidden || varies_in_everything(*response.fields)) {
        return std::nullopt;
    }
    const auto date = response.fields->find("date");
    const auto made_at = (date ? parse_http_date(*date, response.received_at) : std::nullopt)
                             .value_or(response.received_at);
    const auto lifetime = lifetime_of(response, control, made_at);
    if (!lifetime) {
        return std::nullopt;
    }
    const auto born_at = response.received_at - age_on_arrival(response, made_at);
    const Freshness freshness{born_at, born_at + *lifetime};
    return freshness.fresh_until > response.received_at ? std::optional{freshness} : std::nullopt;
}

}  // namespace fanfetch
