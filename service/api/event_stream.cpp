#include "api/event_stream.hpp"

#include "api/json_writer.hpp"
#include "api/parameters.hpp"
#include "api/result_list.hpp"
#include "api/waiting.hpp"
#include "coro/run_in_executor.hpp"
#include "http/event_stream.hpp"

#include <algorithm>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::string_view end_mark = ".end";

/// Ten progress events a second are as many as anybody can look at.
constexpr std::chrono::milliseconds progress_interval{100};
/// Silence for longer than this is broken: proxies take a silent connection for a dead one.
constexpr std::chrono::milliseconds heartbeat_interval{10'000};
/// How soon a client should come back after a restart.
constexpr int reconnect_ms = 1'000;

/// What is read and held at a time, for each stream.
constexpr std::size_t most_rows = 100;
constexpr std::size_t most_bytes = 32U << 10U;

struct EventBatch {
    std::string text;
    std::uint64_t next = 0;  ///< the last seq in it
    bool exhausted = false;  ///< there was nothing more
};

/// Reads the next results as events. Blocks on the store.
EventBatch read_items(JobStore& store, const JobRecord& job, std::uint64_t after) {
    static const auto fields = ResultFields::of_list();
    ResultQuery query;
    query.job_id = job.id;
    query.after = after;
    query.limit = most_rows;
    query.max_bytes = most_bytes;
    const auto rows = store.results_by_seq(query);
    EventBatch batch;
    batch.next = after;
    batch.exhausted = rows.empty();
    for (const auto& row : rows) {
        if (batch.text.size() >= most_bytes) {
            break;
        }
        batch.next = row.result->seq;
        const auto id = event_id({batch.next, false});
        append_event(
            batch.text, {.name = "item", .id = id, .data = result_text(store, job, row, fields)}
        );
    }
    return batch;
}

/// One client's events.
class EventStream {
public:
    EventStream(ApiContext& context, EventOrder order, ResponseStream& out)
        : context_{context},
          order_{std::move(order)},
          out_{out},
          job_{*context.jobs, order_.job_id, order_.tenant, out} {}

    awaitable<void> run();

private:
    awaitable<bool> add_items(JobSnapshotPtr job, std::string& text);
    void add_progress(const JobSnapshot& job, std::string& text);
    void add_end(const JobSnapshot& job, std::string& text) const;
    awaitable<bool> send(std::string_view text);
    awaitable<void> send_interruption();
    awaitable<Expected<JobSnapshotPtr>> more(JobSnapshotPtr job);

    ApiContext& context_;
    EventOrder order_;
    ResponseStream& out_;
    FollowedJob job_;
    std::optional<std::uint64_t> shown_version_;  // of the last progress
    Steady::time_point next_progress_ = Steady::time_point::min();
    Steady::time_point next_heartbeat_ = Steady::time_point::max();
};

awaitable<void> EventStream::run() {
    auto job = co_await job_.now();
    while (job && !out_.gone()) {
        std::string text;
        const bool all_read = co_await add_items(*job, text);
        add_progress(**job, text);
        const bool over = all_read && (*job)->done();
        if (over) {
            add_end(**job, text);
        } else if (text.empty() && context_.clock->now() >= next_heartbeat_) {
            append_heartbeat(text);
        }
        const bool sent = co_await send(text);
        if (!sent || over) {
            co_return;
        }
        text = {};  // nothing is held while there is nothing to say
        if (all_read) {
            job = co_await more(*job);
        } else if (!(*job)->done()) {
            job = co_await job_.now();
        }
    }
    if (job) {
        co_await send_interruption();
    }
}

/// Appends the next results; true when these were all that the job has.
awaitable<bool> EventStream::add_items(JobSnapshotPtr job, std::string& text) {
    if (!order_.items || order_.after >= job->record.last_seq) {
        co_return true;
    }
    auto read = [store = &context_.jobs->store(), job, after = order_.after] {
        return read_items(*store, job->record, after);
    };
    auto batch = co_await run_in_executor(context_.jobs->blocking(), std::move(read));
    order_.after = batch.next;
    text = std::move(batch.text);
    co_return batch.exhausted || order_.after >= job->record.last_seq;
}

void EventStream::add_progress(const JobSnapshot& job, std::string& text) {
    const auto now = context_.clock->now();
    if (shown_version_ == job.version || now < next_progress_) {
        return;
    }
    shown_version_ = job.version;
    next_progress_ = now + progress_interval;
    std::string data;
    append_progress(data, job, context_.clock->wall());
    append_event(text, {.name = "progress", .data = data});
}

void EventStream::add_end(const JobSnapshot& job, std::string& text) const {
    const auto id = event_id({std::max(order_.after, job.record.last_seq), true});
    append_event(text, {.name = "job", .id = id, .data = job_text(job)});
}

awaitable<bool> EventStream::send(std::string_view text) {
    if (text.empty()) {
        co_return true;
    }
    const bool sent = co_await out_.write(text);
    next_heartbeat_ = context_.clock->now() + heartbeat_interval;
    co_return sent;
}

/// The last word of a service that ends: where this client goes on with the next one.
awaitable<void> EventStream::send_interruption() {
    std::string text;
    append_reconnection_time(text, reconnect_ms);
    const auto id = event_id({order_.after, false});
    append_event(text, {.name = "interrupted", .id = id, .data = R"({"after":)" + id + '}'});
    co_await out_.write(text);
}

/// Waits until there is something to say.
awaitable<Expected<JobSnapshotPtr>> EventStream::more(JobSnapshotPtr job) {
    using kind = WaitCondition::kind;
    const bool shown = shown_version_ == job->version;
    WaitCondition news{kind::change, job->version};
    auto until = next_heartbeat_;
    if (!shown) {  // progress follows when its time has come, results as they are
        news = order_.items ? WaitCondition{kind::seq, std::max(order_.after, job->record.last_seq)}
                            : WaitCondition{};
        until = std::min(until, next_progress_);
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - context_.clock->now());
    return job_.until(news, std::max(left, std::chrono::milliseconds{1}));
}

}  // namespace

std::string event_id(EventPosition position) {
    auto id = std::to_string(position.seq);
    if (position.at_end) {
        id += end_mark;
    }
    return id;
}

std::optional<EventPosition> parse_event_id(std::string_view text) noexcept {
    EventPosition position;
    position.at_end = text.ends_with(end_mark);
    if (position.at_end) {
        text.remove_suffix(end_mark.size());
    }
    const auto seq = parse_index(text);
    if (!seq) {
        return std::nullopt;
    }
    position.seq = *seq;
    return position;
}

void append_progress(std::string& out, const JobSnapshot& job, WallTime now) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const auto& record = job.record;
    milliseconds elapsed{0};
    if (record.started_at) {
        elapsed =
            duration_cast<milliseconds>(record.finished_at.value_or(now) - *record.started_at);
    }
    JsonObjectWriter object{out};
    append_counts(object.name("counts"), job.counts);
    object.number("bytes_received", record.tally.bytes_received);
    object.number("rate_per_s", job.rate_per_s);
    object.number("elapsed_ms", std::max<milliseconds::rep>(elapsed.count(), 0));
    job.eta ? object.number("eta_ms", job.eta->count()) : object.null("eta_ms");
}

StreamProducer event_stream(ApiContext& context, EventOrder order) {
    return [&context, order = std::move(order)](ResponseStream& out) -> awaitable<void> {
        // The function object outlives the stream: it is the session's until the reply is over.
        EventStream stream{context, order, out};
        co_await stream.run();
    };
}

}  // namespace fanfetch
