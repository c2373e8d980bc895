#include "api/front.hpp"

#include "http/trace_context.hpp"

#include <algorithm>
#include <string>

namespace fanfetch {
namespace {

constexpr std::string_view trace_field = "traceparent";

}  // namespace

HttpHandler Front::handler() const {
    return [this](HttpRequest& request) {
        // The usual request has none, and costs no coroutine.
        const bool traced = request.headers.find(trace_field) != request.headers.end();
        return traced ? answer_traced(request) : inner_(request);
    };
}

awaitable<HttpReply> Front::answer_traced(HttpRequest& request) const {
    auto reply = co_await inner_(request);
    log_traced(request, reply);
    co_return reply;
}

void Front::log_traced(const HttpRequest& request, const HttpReply& reply) const {
    const auto field = request.headers[trace_field];
    const auto context = parse_traceparent({field.data(), field.size()});
    if (!context) {
        return;
    }
    const auto location =
        std::ranges::find(reply.headers, "Location", &std::pair<std::string, std::string>::first);
    log_.info(
        "traced_request",
        {{"trace_id", context->trace_id},
         {"parent_id", context->parent_id},
         {"request_id", request.request_id},
         {"method", request.method_string},
         {"path", request.path},
         {"status", static_cast<unsigned>(reply.status)},
         {"location", location == reply.headers.end() ? std::string{} : location->second}}
    );
}

}  // namespace fanfetch
