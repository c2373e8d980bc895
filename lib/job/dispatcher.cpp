#include "job/dispatcher.hpp"

#include "future/errors.hpp"
#include "job/host_key.hpp"
#include "store/store_error.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace fanfetch {
namespace {

/// Those that Dispatcher::weigh_failure has counted: a copy of an earlier result of the job is
/// none.
ResultCount count_of(const ResultGroup& group) {
    const auto failed = std::ranges::count_if(group.results, [](const ResultToRecord& done) {
        return !done.copy_of && done.result.state == item_state::failed;
    });
    return {group.results.size(), static_cast<std::size_t>(failed)};
}

}  // namespace

Dispatcher::Dispatcher(Parts parts)
    : parts_{std::move(parts)},
      robots_{make_robots_cache()},
      timer_{parts_.loop},
      all_ended_{parts_.loop},
      alive_{std::make_shared<Dispatcher*>(this)} {
    if (parts_.connection_budget != nullptr) {
        parts_.limits.most_in_flight = parts_.connection_budget->lease(parts_.shard);
    }
}

Dispatcher::~Dispatcher() {
    if (asking_) {
        withdraw_from_line();
    }
}

void Dispatcher::give(
    const std::shared_ptr<JobFrontEnd>& job, std::vector<Item> items, std::size_t permits
) {
    auto& runner = runner_of(job);
    runner.free_permits += permits;
    runner.pay();
    const auto now = parts_.clock->now();
    for (auto& item : items) {
        if (job->options().dedupe && follows(runner, item)) {
            continue;
        }
        PendingItem pending;
        pending.item = std::move(item);
        pending.queued_at = now;
        if (runner.copies) {
            runner.copies->items.push_back(std::move(pending));
            continue;
        }
        auto& queue = queue_of(runner, host_key_of(pending.item.url));
        enqueue(queue, std::move(pending), false);
    }
    search_copies(runner);
    pump(runner);
    touch(runner);
}

void Dispatcher::drop(const std::string& job_id, bool abort) {
    const auto found = runners_.find(job_id);
    if (found == runners_.end()) {
        return;
    }
    auto& runner = *found->second;
    for (auto& [host, queue] : runner.queues) {
        runner.dropped += take_all(*queue).size();
    }
    runner.dropped += std::erase_if(waiting_, [&runner](const auto& entry) {
        auto& queue = *entry.second.queue;
        const bool own = queue.runner == &runner;
        queue.aside -= own ? 1 : 0;
        return own;
    });
    forget_parked(runner);
    forget_followers(runner);
    runner.waiting = 0;
    runner.stopped = true;
    forget_search(runner, abort);
    if (abort) {
        for (auto& lane : lanes_) {
            if (lane.runner == &runner) {
                lane.aborted = true;
                lane.stop.emit(boost::asio::cancellation_type::terminal);
            }
        }
    }
    touch(runner);
}

void Dispatcher::hold(const std::string& job_id, bool held) {
    const auto found = runners_.find(job_id);
    if (found == runners_.end()) {
        return;
    }
    found->second->held = held;
    suspend_or_resume(*found->second);
}

/// Takes its queues out of their lines, or puts them back, as it is suspended or not.
void Dispatcher::suspend_or_resume(JobRunner& runner) {
    touch(runner);
    for (auto& [host, queue] : runner.queues) {
        if (runner.suspended()) {
            leave_line(*queue);
        } else if (!queue->in_line && !queue->items.empty()) {
            join_line(*queue);
        }
        // Others may have the slots of one that is held; one that goes on takes its turn.
        weigh_wishes(*host);
        reopen(*host);
        pump(*host);
        tell_waiting(*host);
    }
    search_copies(runner);
}

void Dispatcher::change(const std::string& job_id, const JobKnobs& knobs, std::size_t take_back) {
    const auto found = runners_.find(job_id);
    if (found == runners_.end()) {
        return;
    }
    auto& runner = *found->second;
    const bool other_priority = runner.knobs.priority != knobs.priority;
    runner.knobs = knobs;
    runner.owed += take_back;
    runner.pay();
    touch(runner);
    leave_starved(runner);
    for (auto& [host, queue] : runner.queues) {
        if (other_priority && queue->in_line) {  // in its new place
            leave_line(*queue);
            join_line(*queue);
        }
        weigh_wishes(*host);
        reopen(*host);
        pump(*host);
        tell_waiting(*host);
    }
}

void Dispatcher::touch(JobRunner& runner) {
    if (!std::exchange(runner.dirty, true)) {
        dirty_.push_back(&runner);
    }
    if (!std::exchange(flush_posted_, true)) {
        // The weak pointer keeps a handler that outlives us from touching us.
        std::weak_ptr<Dispatcher*> alive = alive_;
        boost::asio::post(parts_.loop, [alive] {
            if (const auto self = alive.lock()) {
                (*self)->flush();
            }
        });
    }
}

/// The digests of the turn's short bodies, which were left to be made together.
void Dispatcher::hash(std::span<ResultGroup> groups) {
    to_hash_.clear();
    for (auto& group : groups) {
        for (auto& done : group.results) {
            if (done.response && done.response->store_payload && !done.result.sha256) {
                to_hash_.push_back({done.response->payload, &done.result.sha256.emplace()});
            }
        }
    }
    hasher_.digest(to_hash_);
}

/// A job with an error budget decides about its end itself.
std::optional<Completion> Dispatcher::completion_of(const JobRunner& runner) const {
    const auto& options = runner.job().options();
    if (options.on_error != on_error::go_on) {
        return std::nullopt;
    }
    return Completion{parts_.clock->wall(), runner.knobs.ttl};
}

/// The end of a loop turn: one report for each job that has something to say, one batch for the
/// store. Reports go first, so that a job knows of results before their commit.
void Dispatcher::flush() {
    flush_posted_ = false;
    weigh_quotas();
    lend_to_needy();
    const auto dirty = std::exchange(dirty_, {});
    std::vector<ResultGroup> groups;
    std::vector<std::shared_ptr<JobFrontEnd>> jobs;
    std::vector<std::uint64_t> handed_over;
    for (auto* runner : dirty) {
        runner->dirty = false;
        const bool has_results = !runner->finished.empty();
        report(*runner);
        if (has_results) {
            groups.push_back(
                {runner->job().id(), std::exchange(runner->finished, {}), completion_of(*runner)}
            );
            jobs.push_back(runner->shared_job());
            handed_over.push_back(std::exchange(runner->handed_over, 0));
            runner->finished.reserve(groups.back().results.size()
            );  // the next turn is much the same
        }
    }
    serve_starved();
    for (auto* runner : dirty) {
        retire_if_idle(*runner);
    }
    balance_connections();
    if (groups.empty()) {
        return;
    }
    hash(groups);
    std::vector<ResultCount> sizes;
    sizes.reserve(groups.size());
    for (const auto& group : groups) {
        sizes.push_back(count_of(group));
    }
    auto recorded = parts_.store->record(std::move(groups));
    auto acknowledge = [jobs = std::move(jobs), sizes = std::move(sizes),
                        handed_over = std::move(handed_over),
                        pending = parts_.pending](const auto& done) {
        for (std::size_t i = 0; pending != nullptr && i < jobs.size(); ++i) {
            pending->take_away(jobs[i]->tenant(), handed_over[i]);
        }
        const auto& commits = done.result();
        if (!commits) {  // the store was closed before it could; the next start fetches them again
            report_error("recording results", std::make_exception_ptr(StoreError{commits.error()}));
            return;
        }
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            jobs[i]->committed((*commits)[i], sizes[i]);
        }
    };
    recorded.add_done_callback(std::move(acknowledge));
}

DispatchMetrics DispatchMetrics::make(MetricRegistry& registry) {
    std::vector<std::string> ends;
    for (const auto state : {item_state::succeeded, item_state::failed, item_state::skipped}) {
        ends.emplace_back(to_string(state));
    }
    return {
        registry.counter(
            {"fanfetch_items_total", "Items by how they ended.", {{"state", std::move(ends)}}}
        ),
        registry.counter({"fanfetch_attempts_total", "Attempts at items.", {}}),
        registry.counter({"fanfetch_received_bytes_total", "Bytes of bodies as they came.", {}}),
        registry.histogram(
            {"fanfetch_attempt_duration_seconds", "Time that attempts took.", {}},
            {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120}
        ),
    };
}

/// The item has its result, on its way to the store.
void Dispatcher::conclude(JobRunner& runner, const ItemResult& result) {
    measure(result);
    weigh_failure(runner, result);
    settle_followers(runner, result.index);
}

/// Counted at once, not with the turn's other results: the next item may begin before these go.
void Dispatcher::weigh_failure(JobRunner& runner, const ItemResult& result) {
    if (runner.budgeted && result.state == item_state::failed) {
        runner.job().item_failed();
    }
}

void Dispatcher::measure(const ItemResult& result) {
    if (parts_.metrics == nullptr) {
        return;
    }
    const auto end =
        static_cast<std::size_t>(result.state) - static_cast<std::size_t>(item_state::succeeded);
    parts_.metrics->items.at(parts_.shard, end).add();
    parts_.metrics->attempts.at(parts_.shard).add(result.attempts_made);
    parts_.metrics->body_bytes.at(parts_.shard).add(result.wire_size);
    for (const auto& attempt : result.attempts) {
        const std::chrono::duration<double> took = attempt.timing.total;
        parts_.metrics->attempt_seconds.observe(parts_.shard, took.count());
    }
}

void Dispatcher::report(JobRunner& runner) {
    pump(runner);  // its permits may have come when there was no room, and there is some by now
    RunnerReport report;
    report.in_flight = runner.in_flight;
    const auto demand = demand_of(runner);
    report.waiting = runner.waiting + demand.waiting;
    report.finished = runner.finished.size();
    report.dropped = std::exchange(runner.dropped, 0);
    report.started_at = runner.started_at;
    // A permit that nothing here can use goes back at once: another shard may be waiting for it.
    const auto kept = std::min(runner.free_permits, demand.permits);
    report.returned_permits = std::exchange(runner.free_permits, kept) - kept;
    report.returned_permits += std::exchange(runner.returned, 0);
    report.startable = demand.permits - kept;
    runner.job().report(parts_.shard, report);
}

}  // namespace fanfetch
