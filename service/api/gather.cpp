#include "api/gather.hpp"

#include "api/idempotency.hpp"
#include "api/parameters.hpp"
#include "api/result_list.hpp"
#include "api/upload.hpp"
#include "api/waiting.hpp"
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

/// The job of the request: a new one, or that of the request which this one repeats. A gather that
/// was cancelled because its client had gone was no answer: it is carried out anew.
awaitable<Expected<std::string>> GatherApi::take(HttpRequest& request, const KeyedRequest& keyed) {
    UploadOrder order;
    order.max_items = most_items;
    order.interactive = true;
    order.key = keyed.key;
    if (keyed.known) {
        const auto first = co_await context_.jobs->find(keyed.known->job_id, tenant_of(request));
        if (!first || (*first)->record.reason != state_reason::client_gone) {
            const auto same = co_await same_request(request, *keyed.known);
            if (!same || !first) {
                co_return same ? first.error() : same.error();
            }
            co_return keyed.known->job_id;
        }
        order.repeated = keyed.known->digest;
    }
    const auto job = co_await receive_job(request, context_, std::move(order));
    if (!job) {
        co_return job.error();
    }
    co_return (*job)->id();
}

/// The job once it is done, however long that takes; `draining` when the service ends before.
awaitable<Expected<JobSnapshotPtr>> GatherApi::done_or_ending(
    HttpRequest& request, std::string job
) {
    JobService::GiveUp give_up = [&request](std::function<void()> stop) {
        request.on_ending(std::move(stop));
    };
    auto done = co_await context_.jobs->wait(
        job, tenant_of(request), WaitCondition{}, std::chrono::milliseconds::max(),
        std::move(give_up)
    );
    if (done && !(*done)->done()) {
        co_return failed(
            failure_code::draining,
            "waiting for " + job + ": the service is ending; the job goes on after its next start"
        );
    }
    co_return done;
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
    const auto keyed = co_await begin_keyed(request, context_);
    if (!keyed) {
        co_return keyed_problem(keyed.error());
    }
    const auto job = co_await take(request, *keyed);
    if (!job) {
        co_return upload_problem(request, job.error());
    }
    if (!*detach) {
        request.on_client_gone([jobs = context_.jobs, id = *job, tenant = tenant_of(request)] {
            jobs->client_gone(id, tenant);
        });
    }
    if (asks_for(request, "application/x-ndjson")) {
        FollowOrder follow;
        follow.job_id = *job;
        follow.tenant = tenant_of(request);
        follow.filter = std::move(*filter);
        follow.filter.order = result_order::completed;
        follow.follow = true;
        HttpReply reply;
        reply.set("Content-Type", "application/x-ndjson");
        reply.stream = [hold = keyed->hold,
                        lines = line_stream(context_, std::move(follow))](ResponseStream& out
                       ) -> awaitable<void> { co_await lines(out); };
        co_return reply;
    }

    auto done = co_await done_or_ending(request, *job);
    if (!done) {
        co_return problem_reply(done.error());
    }
    auto answer = std::make_shared<GatherAnswer>(context_, *done, std::move(*filter));
    auto first = co_await answer->next();
    if (answer->finished()) {
        co_return json_reply(http::status::ok, std::move(first));
    }
    HttpReply reply;
    reply.set("Content-Type", "application/json");
    reply.stream = [answer, hold = keyed->hold,
                    first = std::move(first)](ResponseStream& out) -> awaitable<void> {
        bool sent = co_await out.write(first);
        while (sent && !answer->finished()) {
            const auto text = co_await answer->next();
            sent = co_await out.write(text);
        }
        if (sent) {
            co_await out.write("\n");
        }
    };
    co_return reply;
}

}  // namespace fanfetch
