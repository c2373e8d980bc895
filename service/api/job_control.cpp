#include "api/job_control.hpp"

#include "api/job_reply.hpp"
#include "api/json.hpp"
#include "api/upload.hpp"
#include "http/router_query.hpp"
#include "model/job_patch.hpp"
#include "model/rerun.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/object.hpp>

#include <utility>

namespace fanfetch {

namespace asio = boost::asio;

namespace {

constexpr std::uint64_t longest_patch = 64U << 10U;  // its metadata may take a quarter of that

/// The job, or why it could not be done.
HttpReply answer(const Expected<JobSnapshotPtr>& job) {
    return job ? job_reply(http::status::ok, **job) : problem_reply(job.error());
}

/// Reads a body that is a JSON object; one that is empty stands for `{}`.
Expected<boost::json::value> read_object(std::string_view body) {
    if (body.empty()) {
        return boost::json::value(boost::json::object{});
    }
    auto document = parse_json(body);
    if (document && !document->is_object()) {
        return JsonMember{*document, ""}.unexpected("an object");
    }
    return document;
}

Expected<RerunSelection> read_selection(std::string_view body) {
    const auto document = read_object(body);
    if (!document) {
        return document.error();
    }
    RerunSelection selection;
    if (auto fault = read_rerun(JsonMember{*document, ""}, selection)) {
        return *std::move(fault);
    }
    return selection;
}

Expected<JobPatch> read_patch(std::string_view body, const OptionContext& context) {
    const auto document = read_object(body);
    if (!document) {
        return document.error();
    }
    JobPatch patch;
    if (auto fault = read_job_patch(JsonMember{*document, ""}, context, patch)) {
        return *std::move(fault);
    }
    return patch;
}

}  // namespace

void JobControlApi::add_routes(Routes& routes) {
    const auto bind = [this](auto member) {
        return [this, member](HttpRequest& request) { return (this->*member)(request); };
    };
    const auto post = http::verb::post;
    routes.add(post, "/v1/jobs/{id}/pause", scope::control, bind(&JobControlApi::pause));
    routes.add(post, "/v1/jobs/{id}/resume", scope::control, bind(&JobControlApi::resume));
    routes.add(post, "/v1/jobs/{id}/retry", scope::control, bind(&JobControlApi::retry));
    routes.add(http::verb::patch, "/v1/jobs/{id}", scope::control, bind(&JobControlApi::change));
    routes.add(post, "/v1/jobs/{id}/items", scope::submit, bind(&JobControlApi::append));
    routes.add(post, "/v1/jobs/{id}/seal", scope::submit, bind(&JobControlApi::seal));
}

awaitable<HttpReply> JobControlApi::pause(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto job =
        co_await context_.jobs->pause(request.path_parameters.at("id"), tenant_of(request));
    co_return answer(job);
}

awaitable<HttpReply> JobControlApi::resume(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto job =
        co_await context_.jobs->resume(request.path_parameters.at("id"), tenant_of(request));
    co_return answer(job);
}

awaitable<HttpReply> JobControlApi::seal(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto job =
        co_await context_.jobs->seal(request.path_parameters.at("id"), tenant_of(request));
    co_return answer(job);
}

/// POST /v1/jobs/{id}/items: 202 once what was appended is durable. What an append brought before
/// it broke off stays: the job and its other items are nobody's to cancel for that.
awaitable<HttpReply> JobControlApi::append(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto job = co_await append_items(request, context_);
    if (!job) {
        co_return upload_problem(request, job.error());
    }
    co_return job_reply(http::status::accepted, *(*job)->snapshot());
}

/// PATCH /v1/jobs/{id}: holds at once, and over a restart.
awaitable<HttpReply> JobControlApi::change(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto body = co_await request.body->read_all(longest_patch);
    if (!body) {
        co_return problem_reply(body.error());
    }
    const auto& id = request.path_parameters.at("id");
    const auto found = co_await context_.jobs->find(id, tenant_of(request));
    if (!found) {
        co_return problem_reply(found.error());
    }
    OptionContext context;
    context.limits = option_limits(*context_.settings);
    context.now = (*found)->record.created_at;
    auto patch = read_patch(*body, context);
    if (!patch) {
        co_return problem_reply(patch.error());
    }
    const auto job = co_await context_.jobs->change(id, tenant_of(request), *std::move(patch));
    co_return answer(job);
}

/// POST /v1/jobs/{id}/retry: runs items of a done job again, in place.
awaitable<HttpReply> JobControlApi::retry(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto body =
        co_await request.body->read_all(context_.settings->limits.max_json_body.bytes);
    if (!body) {
        co_return problem_reply(body.error());
    }
    auto selection = read_selection(*body);
    if (!selection) {
        co_return problem_reply(selection.error());
    }
    const LoopExecutor loop = co_await asio::this_coro::executor;
    const auto job = co_await context_.jobs->rerun(
        request.path_parameters.at("id"), tenant_of(request), *std::move(selection), loop
    );
    co_return answer(job);
}

}  // namespace fanfetch
