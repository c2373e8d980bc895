#include "api/jobs.hpp"

#include "api/callbacks.hpp"
#include "api/idempotency.hpp"
#include "api/job_reply.hpp"
#include "api/json_body.hpp"
#include "api/parameters.hpp"
#include "api/result_json.hpp"
#include "api/upload.hpp"
#include "api/waiting.hpp"
#include "http/conditional.hpp"
#include "http/prefer.hpp"
#include "http/router_query.hpp"
#include "model/json_member.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <utility>

namespace fanfetch {

namespace json = boost::json;

namespace {

bool is_job_id(std::string_view text) noexcept {
    constexpr std::string_view prefix = "job_";
    constexpr std::size_t digits = 32;
    return text.starts_with(prefix) && text.size() == prefix.size() + digits &&
           text.find_first_not_of("0123456789abcdef", prefix.size()) == std::string_view::npos;
}

std::vector<std::string_view> preferences_of(const HttpRequest& request) {
    std::vector<std::string_view> fields;
    const auto [from, to] = request.headers.equal_range("Prefer");
    for (auto at = from; at != to; ++at) {
        fields.emplace_back(at->value().data(), at->value().size());
    }
    return fields;
}

Expected<cancel_mode> read_cancel_mode(const json::value& document) {
    static constexpr std::array words{
        JsonWord{"abort", cancel_mode::abort}, JsonWord{"drain", cancel_mode::drain}};
    auto mode = cancel_mode::abort;
    const JsonMember root{document, ""};
    const auto read = [&](const JsonMember& member, std::string_view name) -> Fault {
        return name == "mode" ? read_word(member, words, mode)
                              : member.refused("there is no such member");
    };
    if (auto fault = read_entries(root, document.get_object(), read)) {
        return std::move(*fault);
    }
    return mode;
}

}  // namespace

void JobsApi::add_routes(Routes& routes) {
    const auto bind = [this](auto member) {
        return [this, member](HttpRequest& request) { return (this->*member)(request); };
    };
    routes.add(http::verb::post, "/v1/jobs", scope::submit, bind(&JobsApi::submit));
    routes.add(http::verb::get, "/v1/jobs", scope::read, bind(&JobsApi::list));
    routes.add(http::verb::get, "/v1/jobs/{id}", scope::read, bind(&JobsApi::status));
    routes.add(http::verb::post, "/v1/jobs/{id}/cancel", scope::control, bind(&JobsApi::cancel));
    routes.add(http::verb::delete_, "/v1/jobs/{id}", scope::control, bind(&JobsApi::erase));
}

/// POST /v1/jobs: 202 and a Location once the job is durable, else a problem document.
awaitable<HttpReply> JobsApi::submit(HttpRequest& request) {
    if (auto fault = check_query(request.query, {"sealed"})) {
        co_return problem_reply(*fault);
    }
    const auto sealed = flag_parameter(request.query, "sealed", true);
    if (!sealed) {
        co_return problem_reply(sealed.error());
    }
    const auto keyed = co_await begin_keyed(request, context_);
    if (!keyed) {
        co_return keyed_problem(keyed.error());
    }
    if (keyed->known) {
        auto location = "/v1/jobs/" + keyed->known->job_id;
        auto reply = co_await replay(request, context_, *keyed->known, std::move(location));
        co_return reply;
    }
    UploadOrder order;
    order.sealed = *sealed;
    order.key = keyed->key;
    auto job = co_await receive_job(request, context_, std::move(order));
    if (!job) {
        co_return upload_problem(request, job.error());
    }
    auto snapshot = (*job)->snapshot();
    auto status = http::status::accepted;
    const auto patience = preferred_wait(preferences_of(request));
    const auto longest = context_.settings->limits.max_wait;
    const auto limit =
        std::min<std::chrono::milliseconds>(patience.value_or(std::chrono::seconds{0}), longest);
    if (patience) {
        auto stays = while_worth_waiting(request);
        auto waited = co_await context_.jobs->wait(
            (*job)->id(), tenant_of(request), WaitCondition{}, limit, std::move(stays)
        );
        if (waited) {
            snapshot = *waited;
        }
        status = snapshot->done() ? http::status::ok : status;
    }
    auto reply = job_reply(status, *snapshot);
    if (const auto& callbacks = (*job)->callbacks(); !callbacks.empty()) {
        // This once with the secrets that we have made.
        add_member(reply, "\"callbacks\":" + callbacks_json(callbacks, made_secret::shown));
    }
    reply.set("Location", "/v1/jobs/" + (*job)->id());
    if (patience) {
        const auto applied = std::chrono::duration_cast<std::chrono::seconds>(limit);
        reply.set("Preference-Applied", "wait=" + std::to_string(applied.count()));
    }
    if (keyed->key) {
        auto kept = co_await keep_answer(request, context_, *keyed->key, reply);
        if (!kept) {
            co_return problem_reply(kept.error());
        }
    }
    co_return reply;
}

/// GET /v1/jobs: newest first.
awaitable<HttpReply> JobsApi::list(HttpRequest& request) {
    const auto& parameters = request.query;
    if (auto fault =
            check_query(parameters, {"state", "tag", "created_after", "page_size", "page_token"})) {
        co_return problem_reply(*fault);
    }
    JobQuery query;
    query.tenant = tenant_of(request);
    const auto size = number_parameter(parameters, "page_size", 100, 1, 1000);
    if (!size) {
        co_return problem_reply(size.error());
    }
    query.limit = *size + 1;
    if (const auto* text = find_parameter(parameters, "state")) {
        query.state = parse_job_state(*text);
        if (!query.state) {
            co_return problem_reply(
                failed(failure_code::api_bad_parameter, "reading state: no such state")
            );
        }
    }
    if (const auto* text = find_parameter(parameters, "tag")) {
        query.tag = *text;
    }
    if (const auto* text = find_parameter(parameters, "created_after")) {
        query.created_after = parse_rfc3339(*text);
        if (!query.created_after) {
            co_return problem_reply(failed(
                failure_code::api_bad_parameter, "reading created_after: an RFC 3339 time is wanted"
            ));
        }
    }
    if (const auto* text = find_parameter(parameters, "page_token")) {
        if (!is_job_id(*text)) {
            co_return problem_reply(failed(
                failure_code::api_bad_parameter, "reading page_token: it is not one of this list"
            ));
        }
        query.before_id = *text;
    }
    auto jobs = co_await context_.jobs->list(std::move(query));
    const bool more = jobs.size() > *size;
    if (more) {
        jobs.pop_back();
    }
    std::string body = "{\"jobs\":[";
    for (const auto& job : jobs) {
        body += body.back() == '[' ? "" : ",";
        body += job_text(*job);
    }
    body += "],\"next_page_token\":";
    body += more ? '"' + jobs.back()->record.id + '"' : "null";
    body += '}';
    auto reply = json_reply(http::status::ok, std::move(body));
    if (more) {
        reply.set("Link", next_page_link("/v1/jobs", parameters, jobs.back()->record.id));
    }
    co_return reply;
}

/// GET /v1/jobs/{id}: the job as it is, or as it is once what is waited for holds.
awaitable<HttpReply> JobsApi::status(HttpRequest& request) {
    if (auto fault = check_query(request.query, {"wait", "return_when"})) {
        co_return problem_reply(*fault);
    }
    const auto wait = duration_parameter(request.query, "wait", std::chrono::milliseconds{0});
    if (!wait) {
        co_return problem_reply(wait.error());
    }
    const auto condition = condition_parameter(request.query);
    if (!condition) {
        co_return problem_reply(condition.error());
    }
    if (wait->count() > 0) {
        auto waited = co_await wait_for(request, *condition, *wait);
        co_return waited;
    }
    auto job = co_await context_.jobs->find(request.path_parameters.at("id"), tenant_of(request));
    if (!job) {
        co_return problem_reply(job.error());
    }
    const auto& tag = shown(**job).tag;
    const auto verdict = judge_conditions(request.headers, request.method, tag);
    if (verdict == precondition::failed) {
        co_return problem_reply(
            failed(failure_code::precondition_failed, "reading the job: it has changed")
        );
    }
    if (verdict == precondition::not_modified) {
        HttpReply unchanged;
        unchanged.status = http::status::not_modified;
        unchanged.set("ETag", matched_etag(request.headers, tag));
        unchanged.set("Vary", "Accept-Encoding");
        if (!(*job)->done()) {
            unchanged.set("Retry-After", poll_hint(**job));
        }
        co_return unchanged;
    }
    auto reply = job_reply(http::status::ok, **job);
    reply.set("ETag", tag);
    co_return reply;
}

/// The job once the condition holds or the time is over. It has no tag: it tells how long was
/// waited.
awaitable<HttpReply> JobsApi::wait_for(
    HttpRequest& request, WaitCondition condition, std::chrono::milliseconds patience
) {
    const auto limit = std::min(patience, context_.settings->limits.max_wait);
    const auto started = context_.clock->now();
    auto stays = while_worth_waiting(request);
    auto job = co_await context_.jobs->wait(
        request.path_parameters.at("id"), tenant_of(request), condition, limit, std::move(stays)
    );
    if (!job) {
        co_return problem_reply(job.error());
    }
    auto reply = job_reply(http::status::ok, **job);
    const auto waited =
        std::chrono::duration_cast<std::chrono::milliseconds>(context_.clock->now() - started);
    add_member(reply, "\"waited_ms\":" + std::to_string(waited.count()));
    co_return reply;
}

/// POST /v1/jobs/{id}/cancel: idempotent.
awaitable<HttpReply> JobsApi::cancel(HttpRequest& request) {
    constexpr std::uint64_t longest_body = 4096;
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto document = co_await read_json_object(request, longest_body);
    if (!document) {
        co_return problem_reply(document.error());
    }
    const auto mode = read_cancel_mode(*document);
    if (!mode) {
        co_return problem_reply(mode.error());
    }
    const auto answer =
        co_await context_.jobs->cancel(request.path_parameters.at("id"), tenant_of(request), *mode);
    if (!answer) {
        co_return problem_reply(answer.error());
    }
    json::object said;
    said["state"] = to_string(answer->state);
    said["cancelled"] = answer->cancelled;
    said["left_running"] = answer->left_running;
    co_return json_reply(http::status::ok, json::serialize(said));
}

/// DELETE /v1/jobs/{id}: 204, or 409 while it runs unless it is to be cancelled first.
awaitable<HttpReply> JobsApi::erase(HttpRequest& request) {
    if (auto fault = check_query(request.query, {"cancel"})) {
        co_return problem_reply(*fault);
    }
    const auto first_cancel = flag_parameter(request.query, "cancel", false);
    if (!first_cancel) {
        co_return problem_reply(first_cancel.error());
    }
    const auto& id = request.path_parameters.at("id");
    const auto tenant = tenant_of(request);
    if (*first_cancel) {
        auto cancelled = co_await context_.jobs->cancel(id, tenant, cancel_mode::abort);
        if (!cancelled) {
            co_return problem_reply(cancelled.error());
        }
        auto ended = co_await context_.jobs->wait(
            id, tenant, WaitCondition{}, context_.settings->limits.max_wait
        );
        if (!ended) {
            co_return problem_reply(ended.error());
        }
    }
    const auto erased = co_await context_.jobs->erase(id, tenant);
    if (!erased) {
        co_return problem_reply(erased.error());
    }
    HttpReply reply;
    reply.status = http::status::no_content;
    co_return reply;
}

}  // namespace fanfetch
