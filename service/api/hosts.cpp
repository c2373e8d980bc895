#include "api/hosts.hpp"

#include "api/json_body.hpp"
#include "api/parameters.hpp"
#include "http/router_query.hpp"
#include "model/rate_reader.hpp"
#include "url/url.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace fanfetch {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_body = 4096;
constexpr std::uint64_t most_exchanges = 10'000;

/// What a PATCH says; a member that is absent leaves what holds.
struct HostChange {
    std::optional<std::optional<std::uint64_t>> max_concurrency;
    std::optional<std::optional<double>> max_rate;
    std::optional<bool> paused;

    [[nodiscard]] HostOverride laid_over(HostOverride before) const {
        before.max_concurrency = max_concurrency.value_or(before.max_concurrency);
        before.max_rate = max_rate.value_or(before.max_rate);
        before.paused = paused.value_or(before.paused);
        return before;
    }
};

struct NoContext {};
using ChangeRow = MemberRow<HostChange, NoContext>;

constexpr std::array change_rows{
    ChangeRow{
        "max_concurrency",
        [](const JsonMember& member, HostChange& change, const NoContext&) -> Fault {
            change.max_concurrency.emplace();
            if (member.value().is_null()) {
                return std::nullopt;
            }
            return read_integer(member, 1, most_exchanges, change.max_concurrency->emplace());
        }},
    ChangeRow{
        "max_rate",
        [](const JsonMember& member, HostChange& change, const NoContext&) -> Fault {
            change.max_rate.emplace();
            if (member.value().is_null()) {
                return std::nullopt;
            }
            return read_rate(member, change.max_rate->emplace());
        }},
    ChangeRow{
        "paused",
        [](const JsonMember& member, HostChange& change, const NoContext&) -> Fault {
            return read_flag(member, change.paused.emplace());
        }},
};

json::value or_null(const auto& value) {
    return value ? json::value(*value) : json::value(nullptr);
}

json::object host_json(const HostStatus& host) {
    const auto time = [](const std::optional<WallTime>& when) {
        return when ? json::value(to_rfc3339(*when)) : json::value(nullptr);
    };
    json::object object;
    object["host"] = host.host;
    object["in_flight"] = host.in_flight;
    object["queued"] = host.queued;
    object["limit"] = host.limit;
    object["rate_per_s"] = or_null(host.rate);
    object["waiting_for"] = host.waiting_for == wait_reason::none
                                ? json::value(nullptr)
                                : json::value(to_string(host.waiting_for));
    object["not_before"] = time(host.not_before);
    object["breaker"] = {{"state", to_string(host.breaker)}, {"failures", host.failures}};
    object["back_off_level"] = host.back_off_level;
    object["latency_us"] =
        host.latency.count() == 0 ? json::value(nullptr) : json::value(host.latency.count());
    object["max_concurrency"] = or_null(host.override.max_concurrency);
    object["max_rate"] = or_null(host.override.max_rate);
    object["paused"] = host.override.paused;
    return object;
}

/// The key of a host as a client names it: "example.com:443" in any spelling that a URL may have.
///
/// Errors  api_bad_parameter
Expected<std::string> host_key(std::string_view text) {
    const auto port = text.rfind(':');
    const auto url = Url::parse("http://" + std::string{text} + "/");
    if (!url || port == std::string_view::npos || port < text.rfind(']') + 1 ||
        text.find_first_of("/?#@\\") != std::string_view::npos) {
        return failed(
            failure_code::api_bad_parameter,
            "reading the host: a name and a port are wanted, like example.com:443"
        );
    }
    return std::string{url->host()} + ':' + std::to_string(url->port());
}

/// The tenant whose hosts may be seen; nullopt: everybody's.
std::optional<std::string> view_of(const HttpRequest& request) {
    return may_administer(request) ? std::nullopt : std::optional{tenant_of(request)};
}

Failure no_such_host() {
    return failed(
        failure_code::host_not_found, "looking up the host: nothing is known or waits there"
    );
}

}  // namespace

void HostsApi::add_routes(Routes& routes) {
    const auto bind = [this](auto member) {
        return [this, member](HttpRequest& request) { return (this->*member)(request); };
    };
    routes.add(http::verb::get, "/v1/hosts", scope::read, bind(&HostsApi::list));
    routes.add(http::verb::get, "/v1/hosts/{host}", scope::read, bind(&HostsApi::one));
    routes.add(http::verb::patch, "/v1/hosts/{host}", scope::admin, bind(&HostsApi::change));
}

/// GET /v1/hosts: by name. The token of a page is the last host of the one before.
awaitable<HttpReply> HostsApi::list(HttpRequest& request) {
    if (auto fault = check_query(request.query, {"page_size", "page_token"})) {
        co_return problem_reply(*fault);
    }
    const auto size = number_parameter(request.query, "page_size", 100, 1, 1000);
    if (!size) {
        co_return problem_reply(size.error());
    }
    auto hosts = co_await context_.jobs->hosts(view_of(request));
    if (const auto* token = find_parameter(request.query, "page_token")) {
        const auto after = std::ranges::upper_bound(hosts, *token, {}, &HostStatus::host);
        hosts.erase(hosts.begin(), after);
    }
    const bool more = hosts.size() > *size;
    hosts.resize(std::min<std::size_t>(hosts.size(), *size));
    json::array list;
    for (const auto& host : hosts) {
        list.push_back(host_json(host));
    }
    json::object body;
    body["hosts"] = std::move(list);
    body["next_page_token"] = more ? json::value(hosts.back().host) : json::value(nullptr);
    auto reply = json_reply(http::status::ok, json::serialize(body));
    if (more) {
        reply.set("Link", next_page_link("/v1/hosts", request.query, hosts.back().host));
    }
    co_return reply;
}

/// GET /v1/hosts/{host}
awaitable<HttpReply> HostsApi::one(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto key = host_key(request.path_parameters.at("host"));
    if (!key) {
        co_return problem_reply(key.error());
    }
    const auto hosts = co_await context_.jobs->hosts(view_of(request));
    const auto found = std::ranges::find(hosts, *key, &HostStatus::host);
    if (found == hosts.end()) {
        co_return problem_reply(no_such_host());
    }
    co_return json_reply(http::status::ok, json::serialize(host_json(*found)));
}

/// PATCH /v1/hosts/{host}: takes effect at once and holds over a restart; null takes a limit off.
awaitable<HttpReply> HostsApi::change(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto key = host_key(request.path_parameters.at("host"));
    if (!key) {
        co_return problem_reply(key.error());
    }
    const auto parsed = co_await read_json_body(request, longest_body);
    if (!parsed) {
        co_return problem_reply(parsed.error());
    }
    HostChange change;
    const JsonMember document{*parsed, ""};
    const std::span<const ChangeRow> rows{change_rows};
    if (auto fault = read_members<HostChange, NoContext>(document, rows, change, NoContext{})) {
        co_return problem_reply(*fault);
    }
    auto lay_over = [change](HostOverride before) { return change.laid_over(before); };
    const auto host = co_await context_.jobs->change_host(*key, std::move(lay_over));
    if (!host) {
        co_return problem_reply(host.error());
    }
    co_return json_reply(http::status::ok, json::serialize(host_json(*host)));
}

}  // namespace fanfetch
