#include "job/dispatcher.hpp"

#include "coro/await_future.hpp"
#include "coro/owed_completion.hpp"
#include "coro/run_in_executor.hpp"
#include "extract/document_json.hpp"
#include "future/errors.hpp"
#include "job/attempt_plan.hpp"
#include "job/attempt_visits.hpp"
#include "job/outcome_record.hpp"
#include "job/spill.hpp"
#include "job/stored_copy.hpp"
#include "model/retry_policy.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace fanfetch {

namespace asio = boost::asio;

namespace {

VisitWish wish_of(const JobKnobs& knobs) {
    return {static_cast<std::size_t>(knobs.per_host_concurrency), knobs.per_host_rate};
}

}  // namespace

/// What of this response a job wants taken out; 0 for anything that is no HTML document.
std::uint8_t Dispatcher::parts_to_extract(const JobOptions& options, const FetchOutcome& outcome) {
    const bool document =
        options.extract != 0 && outcome.code == failure_code::none && is_html(outcome.content_type);
    return document ? options.extract : std::uint8_t{0};
}

void Dispatcher::spawn_lane(RunnerQueue& queue, PendingItem item) {
    const auto lane = lanes_.emplace(lanes_.end());
    hold(*lane, queue, item);
    launch(lane, [&] { return run_lane(*lane, queue, std::move(item)); });
}

void Dispatcher::hold(Lane& lane, RunnerQueue& queue, const PendingItem& item) noexcept {
    lane.runner = queue.runner;
    lane.queue = &queue;
    lane.index = item.item.index;
    lane.settled = false;
}

void Dispatcher::launch(Lanes::iterator lane, const std::function<awaitable<void>()>& body) {
    auto ended = [alive = std::weak_ptr{alive_}, lane](const std::exception_ptr& error) {
        if (const auto self = alive.lock()) {
            (*self)->lane_ended(lane, error);
        }
    };
    OwedCompletion owed{parts_.loop, std::move(ended)};
    asio::co_spawn(
        parts_.loop, body(), asio::bind_cancellation_slot(lane->stop.slot(), std::move(owed))
    );
}

void Dispatcher::lane_ended(Lanes::iterator lane, const std::exception_ptr& error) {
    if (error && !aborting_ && !lane->aborted) {  // who is stopped as he begins says so
        report_error("a lane", error);
    }
    if (lane->queue != nullptr) {
        item_broke(*lane);
    }
    lanes_.erase(lane);
    if (stopping_ && lanes_.empty()) {
        all_ended_.cancel();
    }
}

/// The lane broke down with an item: a fault of ours, or there was no memory. The item ends here,
/// and whoever waits for what it held goes on.
void Dispatcher::item_broke(Lane& lane) {
    auto& queue = *lane.queue;
    auto& runner = *queue.runner;
    auto& host = *queue.host;
    if (!lane.settled) {
        if (lane.aborted) {
            ++runner.dropped;
        } else {
            PendingItem item;
            item.item.index = lane.index;
            finish_unfetched(queue, std::move(item), failure_code::internal);
        }
    }
    if (!lane.away) {
        host_ended(host, lane.signs);
    }
    give_slots(queue);
    ++runner.free_permits;
    runner.pay();
    touch(runner);
    pump(runner);
    serve_starved();
    pump(host);
    tell_waiting(host);
    retire_if_drained(queue);
}

/// Stays with one host and runs item after item of whoever's turn it is.
awaitable<void> Dispatcher::run_lane(Lane& lane, RunnerQueue& first, PendingItem item) {
    co_await asio::this_coro::throw_if_cancelled(false);
    // Never inside the call that spawned it: items that fail at once would nest lane in lane.
    co_await asio::post(parts_.loop, no_throw);
    auto& host = *first.host;
    for (RunnerQueue* queue = &first; queue != nullptr;) {
        auto& runner = *queue->runner;
        // Each turn has an item of its own, see below.
        co_await run_item(lane, *queue, std::move(item));  // NOLINT(bugprone-use-after-move)
        lane.runner = nullptr;
        lane.queue = nullptr;

        if (!lane.away) {
            host_ended(host, lane.signs);  // first: it lets go of queues that hold nothing
        }
        give_slots(*queue);
        ++runner.free_permits;
        runner.pay();
        touch(runner);

        // An aborted coroutine cannot await any more, so another lane takes over.
        auto* const next = lane.aborted ? nullptr : next_of(host);
        if (next != nullptr) {
            item = begin(*next);
            hold(lane, *next, item);
        }
        // With a lane that goes on the host is as full as before, and nobody need look at it again.
        const bool opened = host.turned_away && admits(host);
        if (opened) {
            reopen(host);
        }
        if (runner.may_start()) {
            pump(runner);
        }
        serve_starved();
        if (next == nullptr) {
            pump(host);
            if (opened || (connections_.nobody_waits() && admits(host))) {
                tell_waiting(host);
            }
            retire_if_drained(*queue);  // and the host with it, perhaps
        } else if (next != queue) {
            retire_if_drained(*queue);
        }
        queue = next;
    }
}

awaitable<void> Dispatcher::run_item(Lane& lane, RunnerQueue& queue, PendingItem item) {
    auto& runner = *queue.runner;
    lane.signs = AttemptSigns{};
    lane.away = false;
    const auto started = parts_.clock->now();
    if (item.started_at == WallTime{}) {
        item.started_at = parts_.clock->wall();
    }

    const AttemptPlan plan{item.item, runner.job()};
    FetchOutcome outcome;
    const bool obeys = runner.job().options().robots == robots::obey && plan.url();
    if (obeys && !robots_permit(queue, item, plan, outcome)) {
        lane.settled = true;
        co_return;
    }
    start_deadline(runner, item, started);
    if (plan.url()) {
        auto order = plan.order();
        order.deadline = item.deadline;
        order.robots = obeys ? &robots_ : nullptr;
        order.partial = &item.partial;
        AttemptVisits visits{*this, wish_of(runner.knobs), *queue.host, started};
        order.visits = &visits;
        co_await parts_.fetcher->fetch(order, outcome);
        if (outcome.code != failure_code::none && item.deadline <= parts_.clock->now()) {
            outcome.code = failure_code::timeout_item_deadline;
            outcome.detail = "fetching the item: its deadline has passed";
        }
        visits.end(outcome);
        lane.signs = visits.signs();
        lane.away = !visits.at_home();
        if (outcome.put_off && !lane.aborted) {
            put_off(queue, std::move(item), *outcome.put_off);
            lane.settled = true;
            co_return;
        }
    } else {
        outcome.code = plan.url().error().code;
        outcome.detail = plan.url().error().detail;
    }
    if (outcome.attempt.started_at == WallTime{}) {
        outcome.attempt.started_at = parts_.clock->wall();
    }
    outcome.attempt.timing.queued =
        std::chrono::duration_cast<std::chrono::microseconds>(started - item.queued_at);
    if (lane.aborted) {
        ++runner.dropped;
        lane.settled = true;
        co_return;
    }
    if (wait_for_room(queue, item, outcome) || retry_later(queue, item, plan.options(), outcome)) {
        lane.settled = true;
        co_return;
    }
    std::optional<CopyTerms> copy;
    if (item.digest) {
        copy = copy_terms_of(*item.digest, item.started_at, outcome, parts_.clock->wall());
    }
    std::optional<BodyRef> body;
    std::string extracted;
    const auto wanted = parts_to_extract(runner.job().options(), outcome);
    if (outcome.spilled || wanted != 0) {
        bool cancelled = false;
        try {
            if (outcome.spilled) {
                body = co_await finish_spilled(item, outcome);
            }
            if (wanted != 0 && outcome.code == failure_code::none) {
                extracted = co_await extract(item, wanted, outcome, body);
            }
        } catch (const CancelledError&) {
            cancelled = true;
        }
        if (cancelled) {
            ++runner.dropped;
            lane.settled = true;
            co_return;
        }
        if (wait_for_room(queue, item, outcome)) {
            lane.settled = true;
            co_return;
        }
    }
    const auto now = parts_.clock->wall();
    auto& record =
        runner.finished.emplace_back(record_of(std::move(item), std::move(outcome), now));
    lane.settled = true;
    record.extract = std::move(extracted);
    record.copy = record.result.code == failure_code::none ? copy : std::nullopt;
    if (body) {
        record.result.body = *body;
    }
    conclude(runner, record.result);
}

/// An item's own deadline counts from when its first attempt begins.
void Dispatcher::start_deadline(
    const JobRunner& runner, PendingItem& item, Steady::time_point begun
) {
    const auto& limit = runner.job().options().item_deadline;
    if (limit && item.deadline == Steady::time_point::max()) {
        item.deadline = saturating_add(begun, *limit);
    }
}

/// Has the document taken apart; the JSON text of what was found, or nothing when it could not be,
/// which the outcome says then. The lane waits, so that no more is fetched than can be parsed.
awaitable<std::string> Dispatcher::extract(
    const PendingItem& item, std::uint8_t parts, FetchOutcome& outcome, std::optional<BodyRef> body
) {
    ExtractOrder order;
    order.parts = parts;
    order.url = outcome.final_url.empty() ? item.item.url : outcome.final_url;
    order.content_type = outcome.content_type;
    if (body) {
        auto read = [store = parts_.store, body = *body] {
            return store->read_payload(body, 0, longest_document + 1);
        };
        auto bytes = co_await run_in_executor(*parts_.blocking, std::move(read));
        if (!bytes) {
            outcome.code = failure_code::extract_failed;
            outcome.detail = bytes.error().detail;
            co_return std::string{};
        }
        order.bytes = std::move(*bytes);
    } else if (outcome.keep_payload) {
        order.bytes = outcome.payload;
    } else {
        order.bytes = std::exchange(outcome.payload, {});
    }
    auto document = co_await await_future(parts_.extractor->extract(std::move(order)));
    if (!document) {
        outcome.code = document.error().code;
        outcome.detail = document.error().detail;
        co_return std::string{};
    }
    co_return document_json(*document, parts);
}

/// Completes a body that went to disk; where it is, or nothing when the disk refused, which the
/// outcome says then.
awaitable<std::optional<BodyRef>> Dispatcher::finish_spilled(
    const PendingItem& item, FetchOutcome& outcome
) {
    // Shared with the worker, which may outlive this coroutine when the lane is aborted.
    struct Finishing {
        std::unique_ptr<SpilledBody> body;
        ResponseRecord response;
        Sha256 digest{};
    };
    auto finishing = std::make_shared<Finishing>();
    finishing->body = std::move(outcome.spilled);
    finishing->response =
        response_of(outcome, item.item.url, item.started_at).value_or(ResponseRecord{});
    finishing->digest = outcome.sha256.value_or(Sha256{});
    auto finish = [finishing] {
        auto& body = static_cast<StoredSpill&>(*finishing->body).long_body();
        return body.finish(finishing->response, finishing->digest);
    };
    auto stored = co_await run_in_executor(*parts_.blocking, std::move(finish));
    if (!stored) {
        outcome.code = stored.error().code;
        outcome.detail = stored.error().detail;
        co_return std::nullopt;
    }
    co_return *stored;
}

/// Puts the item aside until its next attempt; false when this outcome is its last.
bool Dispatcher::retry_later(
    RunnerQueue& queue, PendingItem& item, const FetchOptions& options, FetchOutcome& outcome
) {
    if (queue.runner->stopped) {
        // Its permits are gone: what is in flight ends as it ends.
        if (outcome.code != failure_code::none) {
            outcome.attempt.retry = "not retried: the job is being cancelled";
        }
        return false;
    }
    const RetryPolicy policy{options.retry, options.method, parts_.limits.host.max_retry_after};
    AttemptEnd end;
    end.code = outcome.code;
    end.status = outcome.status;
    end.attempt = static_cast<int>(item.attempts.size()) + 1;
    end.retry_after = outcome.retry_after;
    const auto pause = policy.pause_after(end, *parts_.random);
    if (pause && saturating_add(parts_.clock->now(), *pause) >= item.deadline) {
        outcome.attempt.retry = "not retried: the item's deadline comes first";
        outcome.detail =
            "fetching the item: its deadline comes before the next attempt; the last "
            "one failed with " +
            dotted(outcome.code, outcome.status);
        outcome.code = failure_code::timeout_item_deadline;
        return false;
    }
    if (!pause) {
        if (outcome.code != failure_code::none) {
            outcome.attempt.retry = policy.why_final(end);
        }
        return false;
    }
    outcome.attempt.code = outcome.code;
    outcome.attempt.status = outcome.status;
    outcome.attempt.detail = std::move(outcome.detail);
    outcome.attempt.retry = "retried after " + std::to_string(pause->count()) + " ms";
    item.attempts.push_back(std::move(outcome.attempt));
    const auto reason = outcome.retry_after ? wait_reason::retry_after : wait_reason::retry;
    put_aside(queue, std::move(item), saturating_add(parts_.clock->now(), *pause), reason);
    return true;
}

/// The item waits, with neither permit nor slot, and is queued again when it is due.
void Dispatcher::put_aside(
    RunnerQueue& queue, PendingItem item, Steady::time_point due, wait_reason reason
) {
    item.queued_at = due;
    ++queue.runner->waiting;
    ++queue.aside;
    waiting_.emplace(due, Waiting{&queue, std::move(item), reason});
    arm_timer();
}

/// One timer for everything that comes due: retries, and hosts and what waits for a robots.txt to
/// be looked at again. Not while stopping: a host that lost its last item then would hold up the
/// loop until it may be forgotten.
void Dispatcher::arm_timer() {
    if (stopping_) {
        return;
    }
    auto next = Steady::time_point::max();
    if (!waiting_.empty()) {
        next = waiting_.begin()->first;
    }
    if (!alarms_.empty()) {
        next = std::min(next, alarms_.begin()->first);
    }
    next = std::min(next, parked_look_);
    if (next == Steady::time_point::max() || timer_.expiry() == next) {
        return;
    }
    timer_.expires_at(next);
    std::weak_ptr<Dispatcher*> alive = alive_;
    timer_.async_wait([alive](boost::system::error_code error) {
        const auto self = alive.lock();
        if (self && !error) {
            (*self)->on_timer();
        }
    });
}

void Dispatcher::on_timer() {
    const auto now = parts_.clock->now();
    timer_.expires_at(Steady::time_point{});  // nothing is armed
    on_retries_due(now);
    on_alarms_due(now);
    if (parked_look_ <= now) {
        look_at_parked(now);
    }
    arm_timer();
}

void Dispatcher::on_retries_due(Steady::time_point now) {
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
        auto due = std::move(waiting_.begin()->second);
        waiting_.erase(waiting_.begin());
        auto& queue = *due.queue;
        auto& host = *queue.host;
        if (due.item.deadline < host.alarm) {
            wake_at(host, due.item.deadline);
        }
        --queue.runner->waiting;
        --queue.aside;
        enqueue(queue, std::move(due.item), true);
        // The job leases permits to those who can use them, so it has to hear of this one.
        pump(host);
        touch(*queue.runner);
    }
}

void Dispatcher::abort_all() {
    aborting_ = true;
    for (auto& lane : lanes_) {
        lane.aborted = true;
        lane.stop.emit(asio::cancellation_type::terminal);
    }
}

awaitable<void> Dispatcher::stop(std::chrono::milliseconds grace) {
    stopping_ = true;
    if (asking_) {
        withdraw_from_line();
    }
    waiting_.clear();
    parked_.clear();
    timer_.cancel();
    if (!lanes_.empty()) {
        all_ended_.expires_after(grace);
        co_await all_ended_.async_wait(no_throw);  // cut short when the last lane ends
    }
    abort_all();
    while (!lanes_.empty()) {
        all_ended_.expires_at(Steady::time_point::max());
        co_await all_ended_.async_wait(no_throw);
    }
    flush();
}

}  // namespace fanfetch
