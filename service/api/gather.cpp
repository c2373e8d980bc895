#include "api/gather.hpp"

#include "api/parameters.hpp"
#include "api/result_list.hpp"
#include "api/upload.hpp"
#include "coro/await_future.hpp"
#include "http/router_query.hpp"

#include <utility>

namespace fanfetch {
namespace {

constexpr std::uint64_t most_items = 10'000;

/// The answer in input order: the job, then page after page of results.
class GatherAnswer {
public:
    GatherAnswer(ApiContext& context, JobSnapshotPtr job, ResultFilter filter)
        : context_{context}, job_{std::move(job)}, filter_{std::move(filter)} {}

    /// The next piece of the text; empty after the last.
    awaitable<std::string> next() {
        std::string text;
        if (finished_) {
            co_return text;
        }
        const bool first = !begun_;
        if (first) {
            text = "{\"job\":" + job_text(*job_) + ",\"results\":[";
            begun_ = true;
        }
        BatchLimits limits;
        limits.results = 1000;
        limits.bytes = 1U << 20U;
        auto batch = co_await next_results(*context_.jobs, job_, filter_, limits);
        filter_.after = batch.next;
        for (const auto& result : batch.texts) {
            text += std::exchange(any_, true) ? "," : "";
            text += result;
        }
        finished_ = batch.exhausted || filter_.after >= job_->record.total;
        if (finished_) {
            text += "]}";
        }
        co_return text;
    }

    [[nodiscard]] bool finished() const noexcept { return finished_; }

private:
    ApiContext& context_;
    JobSnapshotPtr job_;
    ResultFilter filter_;
    bool begun_ = false;
    bool any_ = false;
    bool finished_ = false;
};

}  // namespace

void GatherApi::add_routes(Routes& routes) {
    routes.add(http::verb::post, "/v1/gather", scope::submit, [this](HttpRequest& request) {
        return gather(request);
    });
}

awaitable<HttpReply> GatherApi::gather(HttpRequest& request) {
    if (auto fault = check_query(request.query, {"fields", "include", "detach"})) {
        co_return problem_reply(*fault);
    }
    auto filter = read_result_filter(request.query);
    if (!filter) {
        co_return problem_reply(filter.error());
    }
    const auto detach = flag_parameter(request.query, "detach", false);
    if (!detach) {
        co_return problem_reply(detach.error());
    }
    UploadOrder order;
    order.max_items = most_items;
    order.interactive = true;
    auto job = co_await receive_job(request, context_, order);
    if (!job) {
        co_return problem_reply(job.error());
    }
    if (!*detach) {
        request.on_client_gone([job = *job] {
            auto answer = job->cancel(cancel_mode::abort, state_reason::client_gone);
            answer.add_done_callback([](const auto&) {});
        });
    }
    if (asks_for(request, "application/x-ndjson")) {
        FollowOrder follow;
        follow.job_id = (*job)->id();
        follow.tenant = tenant_of(request);
        follow.filter = std::move(*filter);
        follow.filter.order = result_order::completed;
        follow.follow = true;
        HttpReply reply;
        reply.set("Content-Type", "application/x-ndjson");
        reply.stream = line_stream(context_, std::move(follow));
        co_return reply;
    }

    auto done = (*job)->when(WaitCondition{});
    auto snapshot = co_await await_future(std::move(done));
    auto answer = std::make_shared<GatherAnswer>(context_, snapshot, std::move(*filter));
    auto first = co_await answer->next();
    if (answer->finished()) {
        co_return json_reply(http::status::ok, std::move(first));
    }
    HttpReply reply;
    reply.set("Content-Type", "application/json");
    reply.stream = [answer, first = std::move(first)](ResponseStream& out) -> awaitable<void> {
        bool sent = co_await out.write(first);
        while (sent && !answer->finished()) {
            const auto text = co_await answer->next();
            sent = co_await out.write(text);
        }
    };
    co_return reply;
}

}  // namespace fanfetch
