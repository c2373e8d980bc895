#include "api/job_control.hpp"

#include "api/idempotency.hpp"
#include "api/job_reply.hpp"
#include "api/json_body.hpp"
#include "api/upload.hpp"
#include "http/router_query.hpp"
#include "model/job_patch.hpp"
#include "model/rerun.hpp"

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace fanfetch {

namespace asio = boost::asio;

namespace {

constexpr std::uint64_t longest_patch = 64U << 10U;  // its metadata may take a quarter of that

/// The job, or why it could not be done.
HttpReply answer(const Expected<JobSnapshotPtr>& job) {
    return job ? job_reply(http::status::ok, **job) : problem_reply(job.error());
}

}  // namespace

void JobControlApi::add_routes(Routes& routes) {
    const auto bind = [this](auto member) {
        return [this, member](HttpRequest& request) { return (this->*member)(request); };
    };
    const auto order = [this](Order told) {
        return [this, told](HttpRequest& request) { return tell(request, told); };
    };
    const auto post = http::verb::post;
    routes.add(post, "/v1/jobs/{id}/pause", scope::control, order(&JobService::pause));
    routes.add(post, "/v1/jobs/{id}/resume", scope::control, order(&JobService::resume));
    routes.add(post, "/v1/jobs/{id}/retry", scope::control, bind(&JobControlApi::retry));
    routes.add(http::verb::patch, "/v1/jobs/{id}", scope::control, bind(&JobControlApi::change));
    routes.add(post, "/v1/jobs/{id}/items", scope::submit, bind(&JobControlApi::append));
    routes.add(post, "/v1/jobs/{id}/seal", scope::submit, order(&JobService::seal));
}

/// POST /v1/jobs/{id}/pause, /resume, /seal: idempotent, and the job as it is then.
awaitable<HttpReply> JobControlApi::tell(HttpRequest& request, Order order) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto job =
        co_await (context_.jobs->*order)(request.path_parameters.at("id"), tenant_of(request));
    co_return answer(job);
}

/// POST /v1/jobs/{id}/items: 202 once what was appended is durable. What an append brought before
/// it broke off stays (the job and its other items are nobody's to cancel for that) unless it has a
/// key: then all of it is there, once, or nothing.
awaitable<HttpReply> JobControlApi::append(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
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
    const auto job = co_await append_items(request, context_, keyed->key);
    if (!job) {
        co_return upload_problem(request, job.error());
    }
    auto reply = job_reply(http::status::accepted, *(*job)->snapshot());
    if (keyed->key) {
        const auto kept = co_await keep_answer(request, context_, *keyed->key, reply);
        if (!kept) {
            co_return problem_reply(kept.error());
        }
    }
    co_return reply;
}

/// PATCH /v1/jobs/{id}: holds at once, and over a restart.
awaitable<HttpReply> JobControlApi::change(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto document = co_await read_json_object(request, longest_patch);
    if (!document) {
        co_return problem_reply(document.error());
    }
    const auto& id = request.path_parameters.at("id");
    const auto found = co_await context_.jobs->find(id, tenant_of(request));
    if (!found) {
        co_return problem_reply(found.error());
    }
    OptionContext context;
    context.limits = option_limits(*context_.settings);
    context.now = (*found)->record.created_at;
    JobPatch patch;
    if (auto fault = read_job_patch(JsonMember{*document, ""}, context, patch)) {
        co_return problem_reply(*fault);
    }
    const auto job = co_await context_.jobs->change(id, tenant_of(request), std::move(patch));
    co_return answer(job);
}

/// POST /v1/jobs/{id}/retry: runs items of a done job again, in place.
awaitable<HttpReply> JobControlApi::retry(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto document =
        co_await read_json_object(request, context_.settings->limits.max_json_body.bytes);
    if (!document) {
        co_return problem_reply(document.error());
    }
    RerunSelection selection;
    if (auto fault = read_rerun(JsonMember{*document, ""}, selection)) {
        co_return problem_reply(*fault);
    }
    const LoopExecutor loop = co_await asio::this_coro::executor;
    const auto job = co_await context_.jobs->rerun(
        request.path_parameters.at("id"), tenant_of(request), std::move(selection), loop
    );
    co_return answer(job);
}

}  // namespace fanfetch
