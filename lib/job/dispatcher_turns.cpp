#include "job/dispatcher.hpp"

#include <algorithm>
#include <optional>
#include <utility>

// Who starts next: whose turn it is at a host, and at the shard's connections when none is left.

namespace fanfetch {

std::uint32_t Dispatcher::weight_of(const std::string& tenant) const {
    return parts_.weight_of ? parts_.weight_of(tenant) : 1;
}

ShardTenant& Dispatcher::tenant_of(const std::string& name) {
    auto& tenant = tenants_[name];
    if (!tenant) {
        tenant = std::make_unique<ShardTenant>(name);
        tenant->weight = weight_of(name);
        tenant->full = parts_.over_quota && parts_.over_quota(name);
    }
    return *tenant;
}

HostTenant& Dispatcher::seat_at(HostQueue& host, const ShardTenant& tenant) {
    const auto found = std::ranges::find(host.tenants, &tenant, &HostTenant::tenant);
    if (found != host.tenants.end()) {
        return *found;
    }
    auto& seat = host.tenants.emplace_back();
    seat.tenant = &tenant;
    seat.weight = tenant.weight;
    return seat;
}

/// The queue is empty, and about to go.
void Dispatcher::leave_host(RunnerQueue& queue) {
    auto& host = *queue.host;
    std::erase(host.users, &queue);
    if (--queue.tenant->queues == 0) {
        std::erase_if(host.tenants, [&queue](const auto& seat) { return &seat == queue.tenant; });
    }
    queue.tenant = nullptr;
}

void Dispatcher::reweigh() {
    for (auto& [name, tenant] : tenants_) {
        connections_.set_weight(*tenant, weight_of(name));
    }
    for (auto& [key, host] : hosts_) {
        for (auto& seat : host->tenants) {
            host->turns.set_weight(seat, seat.tenant->weight);
        }
        tell_waiting(*host);  // their shares are others now
    }
    look_at_quotas();
}

/// A tenant whose results are about to go to the store may have met its quota with them. It comes
/// over that by what it has in flight, and no further.
void Dispatcher::weigh_quotas() {
    if (!parts_.over_quota) {
        return;
    }
    for (std::size_t at = 0; at < dirty_.size(); ++at) {  // the list may grow meanwhile
        if (!dirty_[at]->finished.empty()) {
            hand_over(*dirty_[at]);
            weigh_quota(dirty_[at]->tenant);
        }
    }
}

void Dispatcher::hand_over(JobRunner& runner) {
    if (parts_.pending == nullptr) {
        return;
    }
    std::uint64_t bytes = 0;
    for (const auto& done : runner.finished) {
        bytes += done.result.body.record_length + done.extract.size();
        if (done.response) {
            bytes += done.response->head.size();
            bytes += done.response->store_payload ? done.response->payload.size() : 0;
        }
    }
    runner.handed_over = bytes;
    parts_.pending->add(runner.tenant.name, bytes);
}

void Dispatcher::look_at_quotas() {
    for (auto& [name, tenant] : tenants_) {
        if (parts_.over_quota) {
            weigh_quota(*tenant);
        }
    }
}

void Dispatcher::weigh_quota(ShardTenant& tenant) {
    const bool full = parts_.over_quota(tenant.name);
    if (std::exchange(tenant.full, full) == full) {
        return;
    }
    for (auto& [id, runner] : runners_) {
        if (&runner->tenant == &tenant) {
            leave_starved(*runner);
            suspend_or_resume(*runner);
        }
    }
}

void Dispatcher::join_line(RunnerQueue& queue) {
    queue.in_line = true;
    queue.priority = queue.runner->knobs.priority;
    queue.host->turns.join(*queue.tenant, queue, queue.runner->lane());
    place(queue, queue_place::ready);
}

void Dispatcher::leave_line(RunnerQueue& queue) {
    if (std::exchange(queue.in_line, false)) {
        queue.host->turns.leave(*queue.tenant, queue, queue.runner->lane());
    }
    place(queue, queue_place::nowhere);
}

/// The queue whose turn it is at the host, among those whose job has a permit.
RunnerQueue* Dispatcher::next_of(HostQueue& host) {
    if (!host.line.empty()) {
        serve_line(host);
    }
    if (in_flight_ >= parts_.limits.most_in_flight || !connections_.nobody_waits() ||
        !admits(host)) {
        return nullptr;
    }
    const auto can = [this](const LinePlace& waiting) {
        const auto& runner = *static_cast<const RunnerQueue&>(waiting).runner;
        return runner.may_start() && has_room(runner);
    };
    return static_cast<RunnerQueue*>(host.turns.next(host.host.limit(), can));
}

/// Takes the queue's next item and what it needs to run: the permit, the host's slot, the shard's
/// connection.
PendingItem Dispatcher::begin(RunnerQueue& queue) {
    PendingItem item = std::move(queue.items.front());
    queue.items.pop_front();
    took(queue, 1);
    auto& runner = *queue.runner;
    queue.host->turns.take_slot(*queue.tenant);
    connections_.take_slot(runner.tenant);
    if (queue.items.empty()) {
        leave_line(queue);
    } else {
        queue.tenant->line.rotate(queue, runner.lane());
    }
    --runner.free_permits;
    ++runner.in_flight;
    ++queue.in_flight;
    if (!runner.started_at) {
        runner.started_at = parts_.clock->wall();
    }
    auto& host = queue.host->host;
    host.started(host.restricted() ? parts_.clock->now() : Steady::time_point{});
    ++in_flight_;
    return item;
}

/// Its exchange is over; the host itself is told by host_ended, or knows already when the attempt
/// was led elsewhere: it counts for its tenant as long as it lasts.
void Dispatcher::give_slots(RunnerQueue& queue) {
    --in_flight_;
    --queue.in_flight;
    --queue.runner->in_flight;
    queue.host->turns.give_slot(*queue.tenant);
    connections_.give_slot(queue.runner->tenant);
    set_aside_for_needy();
}

void Dispatcher::pump(HostQueue& host) {
    while (auto* queue = next_of(host)) {
        spawn_lane(*queue, begin(*queue));
    }
}

/// How many exchanges more it may begin: what is free of its lane's connections, and of what its
/// tenant may hold of them.
std::size_t Dispatcher::room(const JobRunner& runner) const noexcept {
    const auto& limits = parts_.limits;
    const auto most =
        runner.lane() == job_lane::interactive ? limits.most_in_flight : limits.shared();
    if (stopping_ || in_flight_ >= most) {
        return 0;
    }
    return connections_.allowance(runner.tenant, most - in_flight_);
}

/// Whether there is a connection for it, and nobody waits for one.
bool Dispatcher::may_connect(const JobRunner& runner) const noexcept {
    return has_room(runner) && connections_.nobody_waits();
}

/// One item of each host in turn, as long as there are permits: a job's requests are spread over
/// its hosts, and so are its connections.
void Dispatcher::pump(JobRunner& runner) {
    while (runner.may_start() && !runner.ready.empty()) {
        if (!may_connect(runner)) {
            join_starved(runner);
            return;
        }
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
    leave_starved(runner);  // there is nothing it could start with one
}

/// It could start something if there were a connection.
void Dispatcher::join_starved(JobRunner& runner) {
    if (!stopping_ && !std::exchange(runner.starved, true)) {
        runner.priority = runner.knobs.priority;
        connections_.join(runner.tenant, runner, runner.lane());
    }
}

void Dispatcher::leave_starved(JobRunner& runner) {
    if (std::exchange(runner.starved, false)) {
        connections_.leave(runner.tenant, runner, runner.lane());
    }
}

/// Gives what connections there are to those who wait for one, in their turn. Their hosts have free
/// slots, so whose turn it is there does not matter.
void Dispatcher::serve_starved() {
    while (!connections_.nobody_waits()) {
        const auto can = [this](const LinePlace& waiting) {
            return has_room(static_cast<const JobRunner&>(waiting));
        };
        auto* const first = connections_.next(parts_.limits.shared(), can);
        if (first == nullptr) {
            return;
        }
        auto& runner = static_cast<JobRunner&>(*first);
        touch(runner);  // it may have a use for another permit
        if (!runner.may_start() || !start_one(runner) || !runner.may_start() ||
            runner.ready.empty()) {
            leave_starved(runner);
        } else {
            runner.tenant.line.rotate(runner, runner.lane());
        }
    }
}

/// Starts an item of the first host that lets it; false when none does.
bool Dispatcher::start_one(JobRunner& runner) {
    while (!runner.ready.empty()) {
        auto& queue = runner.ready.front();
        if (!admits(*queue.host)) {
            turn_away(queue);
            continue;
        }
        spawn_lane(queue, begin(queue));
        if (queue.place == queue_place::ready) {
            place(queue, queue_place::nowhere);
            place(queue, queue_place::ready);  // behind the others
        }
        return true;
    }
    return false;
}

/// How many idle permits a job has a use for: what would start at once, and at a host that is full
/// its share of the slots, so that it can take its turn there. Whoever claimed more than he can use
/// would be leased permits and give them back for ever. At a host that lets nobody start yet there
/// is no use for any. A job with thousands of hosts has a use for all its permits after a look at a
/// few.
Dispatcher::Demand Dispatcher::demand_of(JobRunner& runner) {
    Demand demand;
    if (runner.suspended()) {
        const auto sought = runner.copies ? runner.copies->items.size() : 0;
        demand.waiting = runner.tenant.full ? runner.queued + sought : 0;
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
        const auto of_tenant = queue.host->turns.share(*queue.tenant, at.limit());
        const auto sharers = std::max<std::size_t>(1, queue.tenant->line.size());
        const auto share = std::max<std::size_t>(1, of_tenant / sharers);
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
    demand.permits = stopping_ ? 0 : std::min(demand.permits, connections_for(runner));
    return demand;
}

/// How many permits it may keep for connections: for those that are free, and when there are few,
/// for its share of all; at any rate for its turns in a row, which would be lost without.
std::size_t Dispatcher::connections_for(const JobRunner& runner) const noexcept {
    const auto of_tenant = connections_.share(runner.tenant, parts_.limits.shared());
    const auto sharers = std::max<std::size_t>(1, runner.tenant.line.size());
    const auto share = std::max<std::size_t>(1, of_tenant / sharers);
    const auto left = share > runner.in_flight ? share - runner.in_flight : 0;
    return std::max({left, room(runner), std::size_t{runner.tenant.weight}});
}

/// A slot is free that nobody with a permit wants: news for those who gave theirs back.
void Dispatcher::tell_waiting(HostQueue& host) {
    host.turns.for_each_waiting([this](LinePlace& waiting) {
        touch(*static_cast<RunnerQueue&>(waiting).runner);
    });
}

}  // namespace fanfetch
