#include "api/events.hpp"

#include "api/event_stream.hpp"
#include "api/parameters.hpp"
#include "http/event_stream.hpp"
#include "http/router_query.hpp"
#include "http/server_negotiation.hpp"

#include <utility>

namespace fanfetch {
namespace {

/// Where to begin. Last-Event-ID goes before `after`: a client that comes back repeats its address.
Expected<EventPosition> read_position(const HttpRequest& request) {
    const auto after = number_parameter(request.query, "after", 0, 0, UINT64_MAX / 2);
    if (!after) {
        return after.error();
    }
    const auto last = request.headers["Last-Event-ID"];
    if (last.empty()) {
        return EventPosition{*after, false};
    }
    const auto position = parse_event_id({last.data(), last.size()});
    if (!position) {
        return failed(
            failure_code::api_bad_parameter, "reading Last-Event-ID: it is not one of this stream"
        );
    }
    return *position;
}

}  // namespace

void EventsApi::add_routes(Routes& routes) {
    routes.add(http::verb::get, "/v1/jobs/{id}/events", scope::read, [this](HttpRequest& request) {
        return events(request);
    });
}

/// GET /v1/jobs/{id}/events: from the start or from where a client was, to the end of the job.
awaitable<HttpReply> EventsApi::events(HttpRequest& request) {
    if (auto fault = check_query(request.query, {"after", "items"})) {
        co_return problem_reply(*fault);
    }
    if (!choose_media_type(header_of(request, http::field::accept), {event_stream_type})) {
        co_return problem_reply(
            failed(failure_code::api_not_acceptable, "reading Accept: events are text/event-stream")
        );
    }
    const auto position = read_position(request);
    if (!position) {
        co_return problem_reply(position.error());
    }
    const auto items = flag_parameter(request.query, "items", true);
    if (!items) {
        co_return problem_reply(items.error());
    }
    const auto& id = request.path_parameters.at("id");
    auto job = co_await context_.jobs->find(id, tenant_of(request));
    if (!job) {
        co_return problem_reply(job.error());
    }
    HttpReply reply;
    // A job that was run again since then has more to tell.
    if (position->at_end && (*job)->done() && position->seq >= (*job)->record.last_seq) {
        reply.status = http::status::no_content;
        co_return reply;
    }
    reply.set("Content-Type", std::string{event_stream_type});
    reply.set("Cache-Control", "no-store");
    reply.stream = event_stream(context_, {id, tenant_of(request), position->seq, *items});
    co_return reply;
}

}  // namespace fanfetch
