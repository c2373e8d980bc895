#include "job/dispatcher.hpp"

#include "job/host_key.hpp"

#include <utility>

// What a shard tells those who ask: how hosts are doing, and where items are.

namespace fanfetch {

std::vector<HostStatus> Dispatcher::hosts(const std::optional<std::string>& tenant) const {
    std::vector<HostStatus> list;
    for (const auto& [key, host] : hosts_) {
        std::size_t queued = 0;
        bool seen = !tenant;
        for (const auto* queue : host->users) {
            if (!tenant || queue->runner->job().tenant() == *tenant) {
                queued += queue->items.size() + queue->aside;
                seen = seen || !queue->drained();
            }
        }
        if (seen) {
            list.push_back(host->host.status(*parts_.clock));
            list.back().queued = queued;
        }
    }
    return list;
}

std::vector<ItemPosition> Dispatcher::positions(const std::string& job_id) const {
    std::vector<ItemPosition> list;
    const auto found = runners_.find(job_id);
    if (found == runners_.end()) {
        return list;
    }
    const auto& runner = *found->second;
    const auto now = parts_.clock->now();
    const auto wall = parts_.clock->wall();
    const auto wall_at = [now, wall](Steady::time_point then) -> std::optional<WallTime> {
        if (then == Steady::time_point::max()) {
            return std::nullopt;
        }
        return wall + std::chrono::ceil<std::chrono::milliseconds>(then - now);
    };
    for (const auto& [host, queue] : runner.queues) {
        const auto admission = host->host.admission(now);
        for (const auto& item : queue->items) {
            ItemPosition position{item.item.index, item_state::queued, {}, {}};
            if (runner.tenant.full) {
                position.state = item_state::waiting;
                position.waiting_for = wait_reason::quota;
            } else if (!admission.granted()) {
                position.state = item_state::waiting;
                position.waiting_for = admission.reason;
                position.not_before = wall_at(admission.until);
            }
            list.push_back(position);
        }
    }
    for (const auto& [due, waiting] : waiting_) {
        if (waiting.queue->runner == &runner) {
            list.push_back(
                {waiting.item.item.index, item_state::waiting, waiting.reason, wall_at(due)}
            );
        }
    }
    for (const auto& [origin, parked] : parked_) {
        for (const auto& one : parked) {
            if (one.queue->runner == &runner) {
                list.push_back({one.item.item.index, item_state::waiting, wait_reason::robots, {}});
            }
        }
    }
    if (runner.copies) {
        for (const auto& item : runner.copies->items) {
            list.push_back({item.item.index, item_state::queued, {}, {}});
            if (runner.tenant.full) {
                list.back().state = item_state::waiting;
                list.back().waiting_for = wait_reason::quota;
            }
        }
        for (const auto& [index, host] : runner.copies->in_hand) {
            list.push_back({index, item_state::queued, {}, {}});
        }
    }
    for (const auto& lane : lanes_) {
        if (lane.runner == &runner) {
            list.push_back({lane.index, item_state::running, {}, {}});
        }
    }
    return list;
}

HostBacklog Dispatcher::backlog(const std::string& job_id) const {
    HostBacklog backlog;
    const auto found = runners_.find(job_id);
    if (found == runners_.end()) {
        return backlog;
    }
    for (const auto& [host, queue] : found->second->queues) {
        backlog[host_id_of(host->host.key())] +=
            queue->items.size() + queue->in_flight + queue->aside;
    }
    if (const auto& copies = found->second->copies) {
        for (const auto& item : copies->items) {
            ++backlog[host_id_of(host_key_of(item.item.url))];
        }
        for (const auto& [index, host] : copies->in_hand) {
            ++backlog[host];
        }
    }
    return backlog;
}

}  // namespace fanfetch
