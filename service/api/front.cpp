#include "api/front.hpp"

#include "http/problem.hpp"
#include "http/server_negotiation.hpp"
#include "http/trace_context.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view lines_type = "application/x-ndjson";
constexpr std::string_view preflight_seconds = "600";
constexpr std::string_view exposed =
    "ETag, Link, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, "
    "X-Request-Id";
constexpr std::string_view accepted =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Prefer, "
    "Range, traceparent, X-Request-Id";

std::string_view field(const HttpRequest& request, std::string_view name) {
    const auto value = request.headers[name];
    return {value.data(), value.size()};
}

std::string header_of(const HttpReply& reply, std::string_view name) {
    const auto found =
        std::ranges::find(reply.headers, name, &std::pair<std::string, std::string>::first);
    return found == reply.headers.end() ? std::string{} : found->second;
}

/// Whether there may be answers the client does not take; most take anything, or do not say.
bool is_choosy(const HttpRequest& request) {
    const auto accept = field(request, "Accept");
    return !accept.empty() && accept != "*/*";
}

/// All fields of that name are one list.
///
/// Source  RFC 9110 §5.3
std::string accept_of(const HttpRequest& request) {
    std::string list;
    const auto [from, to] = request.headers.equal_range(http::field::accept);
    for (auto at = from; at != to; ++at) {
        list += list.empty() ? "" : ", ";
        list.append(at->value().data(), at->value().size());
    }
    return list;
}

bool accepts_any(const HttpRequest& request, std::initializer_list<std::string_view> offers) {
    const auto accept = accept_of(request);
    return accept.empty() || choose_media_type(accept, offers).has_value();
}

bool has_answer(http::verb method) noexcept {
    return method == http::verb::post || method == http::verb::patch;
}

/// Whether what was found is what the client takes. Bodies are as the origin sent them: who asks
/// for one has asked for its type.
bool is_acceptable(const HttpRequest& request, const HttpReply& reply) {
    if (reply.status != http::status::ok || request.path.ends_with("/body")) {
        return true;
    }
    const auto type = header_of(reply, "Content-Type");
    const auto bare = std::string_view{type}.substr(0, type.find(';'));
    return bare.empty() || accepts_any(request, {bare});
}

HttpReply not_acceptable() {
    return problem_reply(
        failed(failure_code::api_not_acceptable, "reading Accept: there is no such answer")
    );
}

bool is_preflight(const HttpRequest& request) {
    return request.method == http::verb::options &&
           request.headers.find("Access-Control-Request-Method") != request.headers.end();
}

}  // namespace

HttpHandler Front::handler() const {
    return [this](HttpRequest& request) {
        // The usual request has none of these, and costs no coroutine.
        const bool cors = !parts_.cors_origins.empty();
        const bool traced = request.headers.find("traceparent") != request.headers.end();
        return cors || traced || is_choosy(request) ? answer(request) : parts_.inner(request);
    };
}

awaitable<HttpReply> Front::answer(HttpRequest& request) const {
    // Before anything is done that cannot be undone; of a GET the answer tells what there was.
    const bool acts = request.method != http::verb::get && request.method != http::verb::head;
    HttpReply reply;
    if (acts && has_answer(request.method) && !accepts_any(request, {json_type, lines_type})) {
        reply = not_acceptable();
    } else {
        reply = co_await parts_.inner(request);
    }
    if (!acts && !is_acceptable(request, reply)) {
        reply = not_acceptable();
    }
    if (!parts_.cors_origins.empty()) {
        let_pages_in(request, reply);
    }
    log_traced(request, reply);
    co_return reply;
}

void Front::let_pages_in(const HttpRequest& request, HttpReply& reply) const {
    reply.set("Vary", "Origin");
    const auto origin = field(request, "Origin");
    if (origin.empty() || !allows(origin)) {
        return;
    }
    reply.set("Access-Control-Allow-Origin", std::string{origin});
    if (!is_preflight(request)) {
        reply.set("Access-Control-Expose-Headers", std::string{exposed});
        return;
    }
    auto methods = header_of(reply, "Allow");
    if (!methods.empty()) {
        reply.set("Access-Control-Allow-Methods", std::move(methods));
    }
    reply.set("Access-Control-Allow-Headers", std::string{accepted});
    reply.set("Access-Control-Max-Age", std::string{preflight_seconds});
}

bool Front::allows(std::string_view origin) const noexcept {
    return std::ranges::any_of(parts_.cors_origins, [origin](const std::string& known) {
        return known == "*" || known == origin;
    });
}

void Front::log_traced(const HttpRequest& request, const HttpReply& reply) const {
    const auto context = parse_traceparent(field(request, "traceparent"));
    if (!context) {
        return;
    }
    parts_.log->info(
        "traced_request", {{"trace_id", context->trace_id},
                           {"parent_id", context->parent_id},
                           {"request_id", request.request_id},
                           {"method", request.method_string},
                           {"path", request.path},
                           {"status", static_cast<unsigned>(reply.status)},
                           {"location", header_of(reply, "Location")}}
    );
}

}  // namespace fanfetch
