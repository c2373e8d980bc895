#include "api/deliveries.hpp"

#include "api/json_writer.hpp"
#include "api/parameters.hpp"
#include "coro/await_future.hpp"
#include "coro/run_in_executor.hpp"
#include "http/router_query.hpp"

#include <string>
#include <utility>

namespace fanfetch {
namespace {

Failure bad_parameter(std::string_view name, std::string_view expected) {
    return failed(
        failure_code::api_bad_parameter,
        "reading " + std::string{name} + ": " + std::string{expected} + " is wanted"
    );
}

void append_delivery(std::string& out, const DeliveryRecord& delivery) {
    JsonObjectWriter object{out};
    object.text("id", delivery.id);
    object.text("job_id", delivery.job_id);
    object.text("callback_id", delivery.callback_id);
    object.text("event", to_string(delivery.event));
    object.number("run", delivery.run);
    object.text("state", to_string(delivery.state));
    object.number("attempts", delivery.attempts);
    object.time("created_at", delivery.created_at);
    object.time("next_attempt_at", delivery.next_attempt_at);
    if (!delivery.last) {
        object.null("last_attempt");
        return;
    }
    const auto& last = *delivery.last;
    JsonObjectWriter attempt{object.name("last_attempt")};
    attempt.time("at", last.at);
    last.status == 0 ? attempt.null("status") : attempt.number("status", last.status);
    attempt.number("size", last.size);
    if (last.code == failure_code::none) {
        attempt.null("error");
    } else {
        JsonObjectWriter error{attempt.name("error")};
        error.text("code", dotted(last.code, last.status));
    }
}

/// Reads the query of the list. Errors: api_bad_parameter.
Expected<DeliveryQuery> read_query(const HttpRequest& request) {
    const auto& parameters = request.query;
    constexpr std::string_view id_prefix = "msg_";
    DeliveryQuery query;
    query.tenant = tenant_of(request);
    if (const auto* text = find_parameter(parameters, "job_id")) {
        query.job_id = *text;
    }
    if (const auto* text = find_parameter(parameters, "callback_id")) {
        query.callback_id = *text;
    }
    if (const auto* text = find_parameter(parameters, "state")) {
        query.state = parse_delivery_state(*text);
        if (!query.state) {
            return bad_parameter("state", "pending, delivered, failed or dropped");
        }
    }
    if (const auto* text = find_parameter(parameters, "event")) {
        query.event = parse_webhook_event(*text);
        if (!query.event) {
            return bad_parameter("event", "the name of an event, like job.completed,");
        }
    }
    if (const auto* text = find_parameter(parameters, "page_token")) {
        if (!text->starts_with(id_prefix)) {
            return bad_parameter("page_token", "one of this list");
        }
        query.before_id = *text;
    }
    const auto size = number_parameter(parameters, "page_size", 100, 1, 1000);
    if (!size) {
        return size.error();
    }
    query.limit = *size + 1;  // the one more tells whether there is another page
    return query;
}

/// What stays the same on the next page.
std::string next_link(const DeliveryQuery& query, const std::string& token) {
    // Every value has been recognised, or is an id that found something, and so needs no escape.
    std::string link = "</v1/webhook_deliveries?page_size=" + std::to_string(query.limit - 1);
    link += query.job_id.empty() ? "" : "&job_id=" + query.job_id;
    link += query.callback_id.empty() ? "" : "&callback_id=" + query.callback_id;
    link += query.state ? "&state=" + std::string{to_string(*query.state)} : "";
    link += query.event ? "&event=" + std::string{to_string(*query.event)} : "";
    return link + "&page_token=" + token + ">; rel=\"next\"";
}

}  // namespace

void DeliveriesApi::add_routes(Routes& routes) {
    const auto bind = [this](auto member) {
        return [this, member](HttpRequest& request) { return (this->*member)(request); };
    };
    constexpr std::string_view all = "/v1/webhook_deliveries";
    constexpr std::string_view again = "/v1/webhook_deliveries/{id}/replay";
    routes.add(http::verb::get, all, scope::read, bind(&DeliveriesApi::list));
    routes.add(http::verb::post, again, scope::control, bind(&DeliveriesApi::replay));
}

/// GET /v1/webhook_deliveries: newest first. The token of a page is the last one of the page
/// before.
awaitable<HttpReply> DeliveriesApi::list(HttpRequest& request) {
    if (auto fault = check_query(
            request.query, {"job_id", "callback_id", "state", "event", "page_size", "page_token"}
        )) {
        co_return problem_reply(*fault);
    }
    const auto query = read_query(request);
    if (!query) {
        co_return problem_reply(query.error());
    }
    auto look = [&store = context_.jobs->store(), wanted = *query] {
        return store.deliveries(wanted);
    };
    auto deliveries = co_await run_in_executor(context_.jobs->blocking(), std::move(look));
    const bool more = deliveries.size() == query->limit;
    if (more) {
        deliveries.pop_back();
    }
    std::string body = "{\"deliveries\":[";
    for (const auto& delivery : deliveries) {
        body += body.back() == '[' ? "" : ",";
        append_delivery(body, delivery);
    }
    body += "],\"next_page_token\":";
    body += more ? '"' + deliveries.back().id + "\"}" : "null}";
    auto reply = json_reply(http::status::ok, std::move(body));
    if (more) {
        reply.set("Link", next_link(*query, deliveries.back().id));
    }
    co_return reply;
}

/// POST /v1/webhook_deliveries/{id}/replay: 202, sent again under its own id.
awaitable<HttpReply> DeliveriesApi::replay(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto replayed = co_await await_future(context_.jobs->store().replay_delivery(
        tenant_of(request), request.path_parameters.at("id"), context_.clock->wall()
    ));
    if (!replayed) {
        co_return problem_reply(replayed.error());
    }
    std::string body;
    append_delivery(body, *replayed);
    co_return json_reply(http::status::accepted, std::move(body));
}

}  // namespace fanfetch
