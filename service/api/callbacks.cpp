#include "api/callbacks.hpp"

#include "api/idempotency.hpp"
#include "api/idempotency_key.hpp"
#include "api/json_body.hpp"
#include "api/json_writer.hpp"
#include "api/upload_body.hpp"
#include "coro/await_future.hpp"
#include "coro/run_in_executor.hpp"
#include "http/router_query.hpp"
#include "model/options_reader.hpp"

#include <optional>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::size_t longest_body = 64U << 10U;

void append_callback(std::string& out, const CallbackRecord& callback, made_secret shown) {
    JsonObjectWriter object{out};
    object.text("id", callback.id);
    object.text("job_id", callback.job_id);
    object.text("url", callback.order.url);
    auto& events = object.name("events");
    events += '[';
    for (std::size_t i = 0; i < webhook_event_words.size(); ++i) {
        if (callback.order.events.has(static_cast<webhook_event>(i))) {
            events += events.back() == '[' ? "" : ",";
            append_json_string(events, webhook_event_words[i]);
        }
    }
    events += ']';
    {
        JsonObjectWriter headers{object.name("headers")};
        for (const auto& field : callback.order.headers) {
            append_json_string(headers.name(field.name), "***");
        }
    }
    object.number("secrets", callback.order.secrets.size());
    if (shown == made_secret::shown && callback.secret_made) {
        object.text("secret", callback.order.secrets.front());
    }
    object.text("state", callback.state == callback_state::active ? "active" : "disabled");
    object.time("created_at", callback.created_at);
}

std::string callback_json(const CallbackRecord& callback, made_secret shown) {
    std::string text;
    append_callback(text, callback, shown);
    return text;
}

}  // namespace

std::string callbacks_json(const std::vector<CallbackRecord>& callbacks, made_secret shown) {
    std::string text = "[";
    for (const auto& callback : callbacks) {
        text += text.size() > 1 ? "," : "";
        append_callback(text, callback, shown);
    }
    return text + ']';
}

void CallbacksApi::add_routes(Routes& routes) {
    const auto bind = [this](auto member) {
        return [this, member](HttpRequest& request) { return (this->*member)(request); };
    };
    constexpr std::string_view all = "/v1/jobs/{id}/callbacks";
    constexpr std::string_view one = "/v1/jobs/{id}/callbacks/{callback_id}";
    routes.add(http::verb::post, all, scope::control, bind(&CallbacksApi::add));
    routes.add(http::verb::get, all, scope::read, bind(&CallbacksApi::list));
    routes.add(http::verb::delete_, one, scope::control, bind(&CallbacksApi::remove));
}

/// POST /v1/jobs/{id}/callbacks: 201, and called at once when the job is done already.
awaitable<HttpReply> CallbacksApi::add(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto& id = request.path_parameters.at("id");
    const auto job = co_await context_.jobs->find(id, tenant_of(request));
    if (!job) {
        co_return problem_reply(job.error());
    }
    const auto keyed = co_await begin_keyed(request, context_);
    if (!keyed) {
        co_return keyed_problem(keyed.error());
    }
    if (keyed->known) {
        std::string nowhere;
        auto first = co_await replay(request, context_, *keyed->known, std::move(nowhere));
        co_return first;
    }
    auto body = UploadBody::open(request);
    if (!body) {
        co_return problem_reply(body.error());
    }
    body->begin_digest();
    const auto parsed = co_await read_json_body(request, *body, longest_body);
    if (!parsed) {
        co_return problem_reply(parsed.error());
    }
    CallbackOrder order;
    const OptionContext options{option_limits_of(request, context_), context_.clock->wall()};
    if (auto fault = read_callback(JsonMember{*parsed, ""}, options, order)) {
        co_return problem_reply(*fault);
    }
    auto callback = new_callback(std::move(order), id, tenant_of(request), *context_.clock);
    auto reply = json_reply(http::status::created, callback_json(callback, made_secret::shown));
    reply.set("Location", "/v1/jobs/" + id + "/callbacks/" + callback.id);
    std::optional<RequestKey> key;
    if (keyed->key) {
        // The answer is known before the callback is there, so that one transaction has both.
        key = RequestKey{tenant_of(request), *keyed->key,        body->digest(), id,
                         pack_reply(reply),  callback.created_at};
    }
    const auto added = co_await await_future(
        context_.jobs->store().add_callback(std::move(callback), std::move(key))
    );
    if (!added) {
        co_return problem_reply(added.error());
    }
    co_return reply;
}

/// GET /v1/jobs/{id}/callbacks: in the order of registration; a job has few.
awaitable<HttpReply> CallbacksApi::list(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto& id = request.path_parameters.at("id");
    const auto job = co_await context_.jobs->find(id, tenant_of(request));
    if (!job) {
        co_return problem_reply(job.error());
    }
    auto look = [&store = context_.jobs->store(), id] { return store.callbacks(id); };
    const auto callbacks = co_await run_in_executor(context_.jobs->blocking(), std::move(look));
    co_return json_reply(
        http::status::ok, "{\"callbacks\":" + callbacks_json(callbacks, made_secret::hidden) +
                              ",\"next_page_token\":null}"
    );
}

/// DELETE /v1/jobs/{id}/callbacks/{callback_id}: what it was not told yet, it never is.
awaitable<HttpReply> CallbacksApi::remove(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto& id = request.path_parameters.at("id");
    const auto job = co_await context_.jobs->find(id, tenant_of(request));
    if (!job) {
        co_return problem_reply(job.error());
    }
    const auto removed = co_await await_future(
        context_.jobs->store().remove_callback(id, request.path_parameters.at("callback_id"))
    );
    if (!removed) {
        co_return problem_reply(removed.error());
    }
    HttpReply reply;
    reply.status = http::status::no_content;
    co_return reply;
}

}  // namespace fanfetch
