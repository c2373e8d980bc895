#include "job/dispatcher.hpp"

#include "job/host_key.hpp"
#include "job/outcome_record.hpp"

#include <algorithm>
#include <limits>
#include <utility>

// What the dispatcher owes to hosts: when they are asked, and what becomes of those who wait.

namespace fanfetch {

HostQueue& Dispatcher::host_of(const std::string& key) {
    auto& host = hosts_[key];
    if (!host) {
        host = std::make_unique<HostQueue>(key, parts_.limits.host);
    }
    return *host;
}

/// A host that nobody waits for is forgotten: at once when there is nothing to remember it by, else
/// when what it wanted is long over.
void Dispatcher::retire_if_unused(HostQueue& host) {
    constexpr std::chrono::minutes memory{10};
    if (!host.deserted() || must_pause(host)) {
        return;
    }
    const auto record = host.host.record(*parts_.clock);
    if (!record.blank()) {
        const auto until = saturating_add(parts_.clock->now(), memory);
        host.keep_until = std::max(until, host.host.free_from());
        wake_at(host, host.keep_until);
        return;
    }
    forget(host);
}

/// Whether the host may not be asked again yet, by its rate: then it must not be forgotten either,
/// and is looked at again when it may.
bool Dispatcher::must_pause(HostQueue& host) {
    const auto until = host.host.paced_until();
    if (until <= parts_.clock->now()) {
        return false;
    }
    if (until < host.alarm) {
        wake_at(host, until);
    }
    return true;
}

void Dispatcher::forget(HostQueue& host) {
    HostRecord blank;
    blank.key = host.host.key();
    wake_at(host, Steady::time_point::max());
    if (host.remembered) {
        auto saved = parts_.store->save_hosts({blank});
        saved.add_done_callback([](const auto&) {});
    }
    hosts_.erase(blank.key);
}

/// The host gets the least that any of its jobs asks. When that is more than before, those who wait
/// for it hear of it.
void Dispatcher::weigh_wishes(HostQueue& host) {
    auto concurrency = std::numeric_limits<std::size_t>::max();
    double rate = 0;
    for (const auto* queue : host.users) {
        if (queue->runner->suspended()) {
            continue;  // a paused job asks nothing
        }
        const auto& knobs = queue->runner->knobs;
        concurrency = std::min(concurrency, static_cast<std::size_t>(knobs.per_host_concurrency));
        if (knobs.per_host_rate > 0) {
            rate = rate > 0 ? std::min(rate, knobs.per_host_rate) : knobs.per_host_rate;
        }
    }
    for (const auto& [wish, visitors] : host.visit_wishes) {
        concurrency = std::min(concurrency, wish.first);
        if (wish.second > 0) {
            rate = rate > 0 ? std::min(rate, wish.second) : wish.second;
        }
    }
    const auto before = host.host.limit();
    host.host.set_asked(concurrency, rate);
    if (host.host.limit() > before && !host.turns.nobody_waits()) {
        reopen(host);
        pump(host);
        tell_waiting(host);
    }
}

bool Dispatcher::admits(HostQueue& host) {
    if (!host.host.restricted()) {
        return host.host.free_slots() > 0;
    }
    const auto admission = host.host.admission(parts_.clock->now());
    const bool awaited = !host.turns.nobody_waits() || !host.line.empty();
    if (!admission.granted() && awaited && admission.until < host.alarm) {
        wake_at(host, admission.until);
    }
    return admission.granted();
}

/// Sets the host's alarm anew; the far end of time takes it off.
void Dispatcher::wake_at(HostQueue& host, Steady::time_point when) {
    if (host.alarm != Steady::time_point::max()) {
        const auto [begin, end] = alarms_.equal_range(host.alarm);
        const auto own =
            std::find_if(begin, end, [&host](const auto& alarm) { return alarm.second == &host; });
        alarms_.erase(own);
    }
    host.alarm = when;
    if (when != Steady::time_point::max()) {
        alarms_.emplace(when, &host);
        arm_timer();
    }
}

void Dispatcher::on_alarms_due(Steady::time_point now) {
    while (!alarms_.empty() && alarms_.begin()->first <= now) {
        auto& host = *alarms_.begin()->second;
        alarms_.erase(alarms_.begin());
        host.alarm = Steady::time_point::max();
        if (host.deserted()) {
            if (host.keep_until <= now && host.host.paced_until() <= now) {
                outlived(host);
            } else {
                retire_if_unused(host);
            }
            continue;
        }
        expire_items(host, now);
        reopen(host);
        pump(host);
        tell_waiting(host);
        if (host.users.empty()) {
            retire_if_unused(host);
        } else {
            retire_drained(host);
        }
    }
}

/// Nobody has waited for the host for long: what we learned of it is no longer true. What the
/// operator set stays.
void Dispatcher::outlived(HostQueue& host) {
    if (!host.host.overridden()) {
        forget(host);
        return;
    }
    host.host.unlearn();
    remember(host);
}

/// An exchange with the host is over.
void Dispatcher::host_ended(HostQueue& host, const AttemptSigns& signs) {
    const auto effect = host.host.ended(signs);
    if (host.host.take_changed()) {
        remember(host);
    }
    if (effect == Breaker::effect::probe_failed) {
        give_up_on(host);
    }
}

/// What was learned of it. Nobody waits for that: after a crash the host is asked once too early,
/// and tells us again.
void Dispatcher::remember(HostQueue& host) {
    auto saved = save(host);
    saved.add_done_callback([](const auto&) {});
}

Future<Expected<void>> Dispatcher::save(HostQueue& host) {
    auto record = host.host.record(*parts_.clock);
    host.remembered = !record.blank();
    return parts_.store->save_hosts({std::move(record)});
}

/// The breaker's probe failed: who waits for the host has waited in vain.
void Dispatcher::give_up_on(HostQueue& host) {
    for (auto* queue : host.users) {
        if (queue->runner->suspended()) {
            continue;  // a paused job does not wait for anybody
        }
        for (auto& item : take_all(*queue)) {
            finish_unfetched(*queue, std::move(item), failure_code::policy_breaker_open);
        }
    }
    for (auto at = waiting_.begin(); at != waiting_.end();) {
        if (at->second.queue->host != &host || at->second.queue->runner->suspended()) {
            ++at;
            continue;
        }
        auto waiting = std::move(at->second);
        at = waiting_.erase(at);
        --waiting.queue->runner->waiting;
        --waiting.queue->aside;
        finish_unfetched(
            *waiting.queue, std::move(waiting.item), failure_code::policy_breaker_open
        );
    }
    retire_drained(host);
}

/// Ends queued items whose own deadline has passed, and sets the alarm for the next one.
void Dispatcher::expire_items(HostQueue& host, Steady::time_point now) {
    auto next = Steady::time_point::max();
    for (auto* queue : host.users) {
        auto& items = queue->items;
        std::vector<PendingItem> late;
        std::deque<PendingItem> kept;
        for (auto& item : items) {
            if (item.deadline <= now) {
                late.push_back(std::move(item));
            } else {
                next = std::min(next, item.deadline);
                kept.push_back(std::move(item));
            }
        }
        items = std::move(kept);
        took(*queue, late.size());
        if (items.empty()) {
            leave_line(*queue);
        }
        for (auto& item : late) {
            finish_unfetched(*queue, std::move(item), failure_code::timeout_item_deadline);
        }
    }
    if (next < host.alarm) {
        wake_at(host, next);
    }
}

/// Ends an item without another attempt.
void Dispatcher::finish_unfetched(RunnerQueue& queue, PendingItem item, failure_code code) {
    auto& runner = *queue.runner;
    const auto now = parts_.clock->wall();
    if (item.started_at == WallTime{}) {
        item.started_at = now;
    }
    auto& record = runner.finished.emplace_back(unfetched_record(std::move(item), code, now));
    conclude(runner, record.result);
    touch(runner);
}

void Dispatcher::restore(const std::vector<HostRecord>& hosts) {
    for (const auto& record : hosts) {
        auto& host = host_of(record.key);
        host.host.restore(record, *parts_.clock);
        host.remembered = true;
        retire_if_unused(host);
    }
}

Dispatcher::ChangedHost Dispatcher::change_host(
    const std::string& key, const std::function<HostOverride(HostOverride)>& change
) {
    auto& host = host_of(key);
    host.host.set_override(change(host.host.overriding()));
    (void)host.host.take_changed();
    ChangedHost changed{{}, save(host)};
    reopen(host);
    pump(host);
    tell_waiting(host);
    changed.status = host.host.status(*parts_.clock);
    retire_if_unused(host);
    return changed;
}

}  // namespace fanfetch
