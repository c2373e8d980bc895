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

/// A turn belongs to a tenant: his job of the highest priority takes it, and nobody else waits
/// longer for that.
RunnerQueue& most_urgent(HostQueue& host, RunnerQueue& turn) {
    auto* best = &turn;
    const auto& own = turn.runner->job();
    for (auto* queue : host.ring) {
        const auto& job = queue->runner->job();
        if (queue->runner->may_start() && job.tenant() == own.tenant() &&
            job.options().lane == own.options().lane &&
            queue->runner->knobs.priority > best->runner->knobs.priority) {
            best = queue;
        }
    }
    return *best;
}

}  // namespace

Dispatcher::Dispatcher(Parts parts)
    : parts_{std::move(parts)},
      robots_{make_robots_cache()},
      timer_{parts_.loop},
      all_ended_{parts_.loop},
      alive_{std::make_shared<Dispatcher*>(this)} {}

Dispatcher::~Dispatcher() = default;

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
        auto& queue = queue_of(runner, host_key_of(item.url));
        PendingItem pending;
        pending.item = std::move(item);
        pending.queued_at = now;
        enqueue(queue, std::move(pending), false);
    }
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
    auto& runner = *found->second;
    runner.held = held;
    touch(runner);
    for (auto& [host, queue] : runner.queues) {
        // Others may have the slots of one that is held; one that goes on takes its turn.
        weigh_wishes(*host);
        reopen(*host);
        pump(*host);
        tell_waiting(*host);
    }
}

void Dispatcher::change(const std::string& job_id, const JobKnobs& knobs, std::size_t take_back) {
    const auto found = runners_.find(job_id);
    if (found == runners_.end()) {
        return;
    }
    auto& runner = *found->second;
    runner.knobs = knobs;
    runner.owed += take_back;
    runner.pay();
    touch(runner);
    for (auto& [host, queue] : runner.queues) {
        weigh_wishes(*host);
        reopen(*host);
        pump(*host);
        tell_waiting(*host);
    }
}

/// The queue whose turn it is: the first interactive one, else the first at all, among those whose
/// job has a permit. Whoever is served goes to the end of the ring.
RunnerQueue* Dispatcher::next_of(HostQueue& host) {
    if (!has_room() || !admits(host)) {
        return nullptr;
    }
    auto best = host.ring.end();
    for (auto at = host.ring.begin(); at != host.ring.end(); ++at) {
        if (!(*at)->runner->may_start()) {
            continue;
        }
        if ((*at)->runner->interactive()) {
            best = at;
            break;
        }
        if (best == host.ring.end()) {
            best = at;
        }
    }
    if (best == host.ring.end()) {
        return nullptr;
    }
    auto& turn = **best;
    host.ring.erase(best);
    host.ring.push_back(&turn);
    auto& queue = most_urgent(host, turn);
    if (queue.items.size() == 1) {
        leave_ring(queue);
    }
    return &queue;
}

/// Takes the queue's next item and what it needs to run: the permit, the host's slot, the shard's
/// connection.
PendingItem Dispatcher::begin(RunnerQueue& queue) {
    PendingItem item = std::move(queue.items.front());
    queue.items.pop_front();
    --queue.runner->free_permits;
    took(queue, 1);
    ++queue.runner->in_flight;
    ++queue.in_flight;
    queue.runner->started = true;
    auto& host = queue.host->host;
    host.started(host.restricted() ? parts_.clock->now() : Steady::time_point{});
    ++in_flight_;
    return item;
}

void Dispatcher::pump(HostQueue& host) {
    while (auto* queue = next_of(host)) {
        spawn_lane(*queue, begin(*queue));
    }
}

/// One item of each host in turn, as long as there are permits: a job's requests are spread over
/// its hosts, and so are its connections.
void Dispatcher::pump(JobRunner& runner) {
    while (runner.may_start() && !runner.ready.empty() && has_room()) {
        auto& queue = runner.ready.front();
        auto& host = *queue.host;
        if (!admits(host)) {
            turn_away(queue);
            continue;
        }
        auto* const next = next_of(host);  // another job's, when it is that one's turn
        if (next == nullptr) {
            turn_away(queue);
            continue;
        }
        spawn_lane(*next, begin(*next));
        if (queue.place == queue_place::ready) {
            place(queue, queue_place::nowhere);
            place(queue, queue_place::ready);  // behind the others
        }
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
    const auto dirty = std::exchange(dirty_, {});
    std::vector<ResultGroup> groups;
    std::vector<std::shared_ptr<JobFrontEnd>> jobs;
    for (auto* runner : dirty) {
        runner->dirty = false;
        const bool has_results = !runner->finished.empty();
        report(*runner);
        if (has_results) {
            groups.push_back(
                {runner->job().id(), std::exchange(runner->finished, {}), completion_of(*runner)}
            );
            jobs.push_back(runner->shared_job());
            runner->finished.reserve(groups.back().results.size()
            );  // the next turn is much the same
        }
    }
    for (auto* runner : dirty) {
        retire_if_idle(*runner);
    }
    if (groups.empty()) {
        return;
    }
    hash(groups);
    std::vector<std::size_t> sizes;
    sizes.reserve(groups.size());
    for (const auto& group : groups) {
        sizes.push_back(group.results.size());
    }
    auto recorded = parts_.store->record(std::move(groups));
    auto acknowledge = [jobs = std::move(jobs), sizes = std::move(sizes)](const auto& done) {
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
    };
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
}

/// How many idle permits a job has a use for: what would start at once, and at a host that is full
/// its share of the slots, so that it can take its turn. Whoever claims more than he can use would
/// be leased permits and give them back for ever. At a host that lets nobody start yet there is no
/// use for any. A job with thousands of hosts has a use for all its permits after a look at a few.
Dispatcher::Demand Dispatcher::demand_of(JobRunner& runner) {
    Demand demand;
    if (runner.held) {
        return demand;
    }
    const auto concurrency = static_cast<std::size_t>(runner.knobs.concurrency);
    demand.waiting = runner.barred_items;
    std::optional<Steady::time_point> now;
    const auto look_at = [&](const RunnerQueue& queue) {
        auto& at = queue.host->host;
        std::size_t most = queue.items.size();
        if (at.restricted()) {
            now = now.value_or(parts_.clock->now());
            const auto admission = at.admission(*now);
            if (!admission.granted() &&
                (admission.reason != wait_reason::host_concurrency || at.limit() == 0)) {
                demand.waiting += queue.items.size();
                return;
            }
            most = std::min<std::size_t>(most, 1);
        }
        const auto sharers = std::max<std::size_t>(1, queue.host->ring.size());
        const auto share = std::max<std::size_t>(1, at.limit() / sharers);
        const auto left = share > queue.in_flight ? share - queue.in_flight : 0;
        demand.permits += std::min(most, std::max(left, at.free_slots()));
        if (at.free_slots() == 0 && queue.in_flight < concurrency) {
            demand.waiting += queue.items.size();
        }
    };
    for (const auto& queue : runner.full) {
        look_at(queue);
    }
    for (const auto& queue : runner.ready) {
        if (demand.permits >= concurrency) {
            break;
        }
        look_at(queue);
    }
    const auto room =
        parts_.limits.most_in_flight - std::min(in_flight_, parts_.limits.most_in_flight);
    if (demand.permits > room && !std::exchange(runner.starved, true)) {
        starved_.push_back(&runner);
    }
    demand.permits = stopping_ ? 0 : std::min(demand.permits, room);
    return demand;
}

/// A slot is free that nobody with a permit wants: news for those who gave theirs back.
void Dispatcher::tell_waiting(HostQueue& host) {
    for (auto* queue : host.ring) {
        touch(*queue->runner);
    }
}

void Dispatcher::report(JobRunner& runner) {
    RunnerReport report;
    report.in_flight = runner.in_flight;
    const auto demand = demand_of(runner);
    report.waiting = runner.waiting + demand.waiting;
    report.finished = runner.finished.size();
    report.dropped = std::exchange(runner.dropped, 0);
    report.started = runner.started;
    // A permit that nothing here can use goes back at once: another shard may be waiting for it.
    const auto kept = std::min(runner.free_permits, demand.permits);
    report.returned_permits = std::exchange(runner.free_permits, kept) - kept;
    report.returned_permits += std::exchange(runner.returned, 0);
    report.startable = demand.permits - kept;
    runner.job().report(parts_.shard, report);
}

}  // namespace fanfetch
