#include "api/result_list.hpp"

#include "api/waiting.hpp"
#include "coro/await_future.hpp"
#include "coro/run_in_executor.hpp"
#include "coro/with_timeout.hpp"

#include <algorithm>
#include <utility>

namespace fanfetch {
namespace {

/// What is read and held at a time, for each stream: a slow reader keeps no more than this from
/// others, and a fast one is hardly held up by the hops to the pool.
constexpr std::size_t most_rows = 250;
constexpr std::uint64_t most_bytes = 48U << 10U;

/// Until when rows in submission order may be sent: up to the first item without a result.
struct Held {
    std::string lines;
    std::uint64_t next = 0;
    bool at_end = false;      ///< no further item exists yet
    bool unfinished = false;  ///< the next item has no result yet
};

Held read_in_order(JobStore& store, const JobRecord& job, const ResultFilter& filter) {
    Held held;
    held.next = filter.after;
    ResultQuery query;
    query.job_id = job.id;
    query.after = filter.after;
    query.limit = most_rows;
    query.max_bytes = most_bytes;
    query.with_attempts = filter.fields.has(result_member::attempts);
    const auto rows = store.items_by_index(query);
    held.at_end = rows.empty();
    for (const auto& row : rows) {
        if (!row.result) {
            held.unfinished = true;
            break;
        }
        if (held.lines.size() >= most_bytes) {
            break;
        }
        held.next = row.item.index + 1;
        if (filter.matches(row)) {
            held.lines += result_text(store, job, row, filter.fields);
            held.lines += '\n';
        }
    }
    return held;
}

/// One client's stream of lines.
class LineStream {
public:
    LineStream(ApiContext& context, FollowOrder order, ResponseStream& out)
        : context_{context},
          order_{std::move(order)},
          out_{out},
          job_{*context.jobs, order_.job_id, order_.tenant, out} {}

    awaitable<void> run();

private:
    awaitable<Expected<bool>> send_some(JobSnapshotPtr job);
    awaitable<Expected<bool>> send_held(JobSnapshotPtr job);
    awaitable<bool> send(std::string lines);
    [[nodiscard]] awaitable<Expected<JobSnapshotPtr>> more(const JobSnapshotPtr& job);
    awaitable<void> send_end(JobSnapshotPtr job);

    ApiContext& context_;
    FollowOrder order_;
    ResponseStream& out_;
    FollowedJob job_;
    Steady::time_point until_ = Steady::time_point::max();
};

awaitable<void> LineStream::run() {
    if (order_.limit) {
        until_ = saturating_add(context_.clock->now(), *order_.limit);
    }
    auto job = co_await job_.now();
    while (job && !out_.gone()) {
        // What the snapshot counts is in the store, so a job that is done is read to its end.
        const bool in_order = order_.filter.order == result_order::submitted;
        Expected<bool> all_sent = false;
        if (in_order && order_.follow) {
            all_sent = co_await send_held(*job);
        } else {
            all_sent = co_await send_some(*job);
        }
        if (!all_sent) {
            co_return;
        }
        if (!*all_sent) {
            continue;
        }
        const bool late = context_.clock->now() >= until_;
        if (!order_.follow || (*job)->done() || late) {
            break;
        }
        job = co_await more(*job);
    }
    if (job && order_.follow) {
        co_await send_end(*job);
    }
}

/// True when everything there is was sent; a failure when the client is gone.
awaitable<Expected<bool>> LineStream::send_some(JobSnapshotPtr job) {
    BatchLimits limits;
    limits.results = most_rows;
    limits.bytes = most_bytes;
    auto batch = co_await next_results(*context_.jobs, job, order_.filter, limits);
    order_.filter.after = batch.next;
    std::string lines;
    lines.reserve(batch.bytes + batch.texts.size());
    for (const auto& text : batch.texts) {
        lines += text;
        lines += '\n';
    }
    batch.texts = {};  // not kept while the client takes its time
    const bool sent = co_await send(std::move(lines));
    if (!sent) {
        co_return failed(failure_code::cancelled_client_gone, "streaming results");
    }
    co_return batch.exhausted;
}

awaitable<Expected<bool>> LineStream::send_held(JobSnapshotPtr job) {
    auto read = [store = &context_.jobs->store(), job, filter = order_.filter] {
        return read_in_order(*store, job->record, filter);
    };
    auto held = co_await run_in_executor(context_.jobs->blocking(), std::move(read));
    order_.filter.after = held.next;
    const bool sent = co_await send(std::move(held.lines));
    if (!sent) {
        co_return failed(failure_code::cancelled_client_gone, "streaming results");
    }
    co_return held.at_end || held.unfinished;
}

awaitable<bool> LineStream::send(std::string lines) {
    if (lines.empty()) {
        co_return true;
    }
    const bool sent = co_await out_.write(lines);
    co_return sent;
}

/// Waits for anything beyond what `job` showed.
awaitable<Expected<JobSnapshotPtr>> LineStream::more(const JobSnapshotPtr& job) {
    // Looks up now and then, so that a key that was revoked is noticed on a quiet job too.
    constexpr std::chrono::milliseconds patience{1000};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until_ - context_.clock->now());
    WaitCondition beyond;
    beyond.what = WaitCondition::kind::seq;
    beyond.number = job->record.last_seq;
    return job_.until(beyond, std::clamp(left, std::chrono::milliseconds{1}, patience));
}

awaitable<void> LineStream::send_end(JobSnapshotPtr job) {
    std::string line;
    append_stream_end(line, job->record.state, job->counts);
    line += '\n';
    co_await out_.write(line);
}

}  // namespace

StreamProducer line_stream(ApiContext& context, FollowOrder order) {
    return [&context, order = std::move(order)](ResponseStream& out) -> awaitable<void> {
        // The function object outlives the stream: it is the session's until the reply is over.
        LineStream stream{context, order, out};
        co_await stream.run();
    };
}

}  // namespace fanfetch
