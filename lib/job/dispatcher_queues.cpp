#include "job/dispatcher.hpp"

#include <algorithm>
#include <utility>

// A job's items on a shard: a queue for each host, and where these stand.

namespace fanfetch {

JobRunner& Dispatcher::runner_of(const std::shared_ptr<JobFrontEnd>& job) {
    auto& runner = runners_[job->id()];
    if (!runner) {
        auto& tenant = tenant_of(job->tenant());
        ++tenant.runners;
        runner = std::make_unique<JobRunner>(job, tenant);
        if (job->options().max_age) {
            runner->copies = std::make_unique<CopySearch>(job->options().fetch);
        }
    }
    return *runner;
}

RunnerQueue& Dispatcher::queue_of(JobRunner& runner, const std::string& host_key) {
    auto& host = host_of(host_key);
    auto& queue = runner.queues[&host];
    if (!queue) {
        queue = std::make_unique<RunnerQueue>();
        queue->runner = &runner;
        queue->host = &host;
        queue->tenant = &seat_at(host, runner.tenant);
        ++queue->tenant->queues;
        host.users.push_back(queue.get());
        weigh_wishes(host);
    }
    return *queue;
}

void Dispatcher::enqueue(RunnerQueue& queue, PendingItem item, bool at_front) {
    if (at_front) {
        queue.items.push_front(std::move(item));
    } else {
        queue.items.push_back(std::move(item));
    }
    ++queue.runner->queued;
    if (queue.place == queue_place::barred) {
        ++queue.runner->barred_items;
    }
    if (!queue.in_line && !queue.runner->suspended()) {
        join_line(queue);
    }
}

/// `count` items have left the queue.
void Dispatcher::took(RunnerQueue& queue, std::size_t count) {
    queue.runner->queued -= count;
    if (queue.place == queue_place::barred) {
        queue.runner->barred_items -= count;
    }
}

std::deque<PendingItem> Dispatcher::take_all(RunnerQueue& queue) {
    auto items = std::exchange(queue.items, {});
    took(queue, items.size());
    leave_line(queue);
    return items;
}

void Dispatcher::place(RunnerQueue& queue, queue_place where) {
    if (queue.place == where) {
        return;
    }
    auto& runner = *queue.runner;
    if (queue.place == queue_place::barred) {
        runner.barred_items -= queue.items.size();
    }
    if (queue.place_hook.is_linked()) {
        queue.place_hook.unlink();
    }
    queue.place = where;
    switch (where) {
        case queue_place::nowhere:
            break;
        case queue_place::ready:
            runner.ready.push_back(queue);
            break;
        case queue_place::full:
            runner.full.push_back(queue);
            break;
        case queue_place::barred:
            runner.barred.push_back(queue);
            runner.barred_items += queue.items.size();
            break;
    }
}

/// The host admits nobody: the queue is looked at again when it does.
void Dispatcher::turn_away(RunnerQueue& queue) {
    auto& host = *queue.host;
    const auto reason = host.host.restricted() ? host.host.admission(parts_.clock->now()).reason
                                               : wait_reason::host_concurrency;
    const bool full = reason == wait_reason::host_concurrency && host.host.limit() > 0;
    place(queue, full ? queue_place::full : queue_place::barred);
    host.turned_away = true;
}

/// Somebody may start at this host again: those who were turned away are looked at anew.
void Dispatcher::reopen(HostQueue& host) {
    if (std::exchange(host.turned_away, false)) {
        host.turns.for_each_waiting([](LinePlace& waiting) {
            place(static_cast<RunnerQueue&>(waiting), queue_place::ready);
        });
    }
}

/// Nothing of the job is left at this host: a job of a million hosts remembers those at hand.
void Dispatcher::retire_if_drained(RunnerQueue& queue) {
    auto& host = *queue.host;
    if (!queue.drained() || must_pause(host)) {
        return;
    }
    touch(*queue.runner);  // it may be idle now
    leave_host(queue);
    queue.runner->queues.erase(&host);
    weigh_wishes(host);
    retire_if_unused(host);
}

void Dispatcher::retire_drained(HostQueue& host) {
    std::vector<RunnerQueue*> drained;
    for (auto* queue : host.users) {
        if (queue->drained()) {
            drained.push_back(queue);
        }
    }
    for (auto* queue : drained) {
        retire_if_drained(*queue);
    }
}

void Dispatcher::retire_if_idle(JobRunner& runner) {
    if (!runner.idle() || runner.dirty) {
        return;
    }
    bool owes_pause = false;
    for (const auto& [host, queue] : runner.queues) {
        owes_pause = must_pause(*host) || owes_pause;
    }
    if (owes_pause) {
        return;  // how fast it asks its hosts must not be forgotten; it is looked at again
    }
    for (auto& [host, queue] : runner.queues) {
        leave_line(*queue);
        leave_host(*queue);
        weigh_wishes(*host);
        retire_if_unused(*host);
    }
    leave_starved(runner);
    auto& tenant = runner.tenant;
    runners_.erase(std::string{runner.job().id()});
    if (--tenant.runners == 0) {
        tenants_.erase(std::string{tenant.name});
    }
}

}  // namespace fanfetch
