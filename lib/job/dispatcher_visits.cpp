#include "job/attempt_visits.hpp"
#include "job/dispatcher.hpp"
#include "job/host_key.hpp"

#include <algorithm>
#include <utility>

// The part of Dispatcher that has to do with attempts whose host is not their item's: redirects,
// and robots.txt. They stand in line before the host, on its shard, and are counted there.

namespace fanfetch {

void Dispatcher::at_shard_of(const std::string& host_key, std::function<void(Dispatcher&)> act) {
    const auto shard = shard_of_host(host_key, parts_.shards);
    if (shard == parts_.shard || !parts_.reach) {
        act(*this);
        return;
    }
    parts_.reach(shard, std::move(act));
}

void Dispatcher::arrive(const std::shared_ptr<HostVisitor>& visitor) {
    auto& host = host_of(visitor->host_key);
    visitor->host = &host;
    ++host.visitors;
    ++host.visit_wishes[visitor->wish];
    weigh_wishes(host);
    const auto now = parts_.clock->now();
    const auto admission = host.host.admission(now);
    const auto later = host.appointments.appointment(
        admission, host.line.size(), host.host.spacing(), host.host.limit() == 0, now
    );
    if (later) {
        refuse(*visitor, {admission.reason, *later});
        retire_if_unused(host);
        return;
    }
    host.line.push_back(visitor);
    pump(host);
}

void Dispatcher::depart(HostVisitor& visitor, const AttemptSigns& signs) {
    if (visitor.at == HostVisitor::stage::gone) {
        return;
    }
    auto& host = *visitor.host;
    if (visitor.at == HostVisitor::stage::inside) {
        host_ended(host, signs);
    } else {
        std::erase_if(host.line, [&visitor](const auto& other) { return other.get() == &visitor; });
    }
    forget_visitor(visitor);
    slot_freed(host);
    retire_if_unused(host);
}

void Dispatcher::left_home(HostQueue& host, const AttemptSigns& signs) {
    host_ended(host, signs);
    slot_freed(host);
}

/// One exchange with the host is over, and whoever is next may start.
void Dispatcher::slot_freed(HostQueue& host) {
    reopen(host);
    pump(host);
    if (admits(host)) {
        tell_waiting(host);
    }
}

/// Lets in whoever is first, and all of them where nobody else waits. Those who could not start
/// soon are sent away.
void Dispatcher::serve_line(HostQueue& host) {
    while (!host.line.empty()) {
        const auto now = parts_.clock->now();
        const auto admission = host.host.admission(now);
        if (admission.granted()) {
            const auto visitor = std::move(host.line.front());
            host.line.pop_front();
            host.host.started(host.host.restricted() ? now : Steady::time_point{});
            visitor->at = HostVisitor::stage::inside;
            visitor->told(std::nullopt);
            if (!host.turns.nobody_waits()) {
                return;
            }
            continue;
        }
        const auto later = host.appointments.appointment(
            admission, 0, host.host.spacing(), host.host.limit() == 0, now
        );
        if (!later) {
            if (admission.until < host.alarm) {
                wake_at(host, admission.until);
            }
            return;
        }
        const auto visitor = std::move(host.line.front());
        host.line.pop_front();
        refuse(*visitor, {admission.reason, *later});
    }
}

void Dispatcher::refuse(HostVisitor& visitor, const NotAdmitted& why) {
    forget_visitor(visitor);
    visitor.told(why);
}

/// What it asked of the host holds no longer, unless its rate has to be kept a moment more.
void Dispatcher::forget_visitor(HostVisitor& visitor) {
    auto& host = *visitor.host;
    visitor.at = HostVisitor::stage::gone;
    --host.visitors;
    const auto wish = host.visit_wishes.find(visitor.wish);
    if (--wish->second == 0) {
        host.visit_wishes.erase(wish);
    }
    if (!must_pause(host)) {
        weigh_wishes(host);
    }
}

/// The item is not tried now: the host that its redirect leads to does not have it yet. Its own
/// host is asked again then.
void Dispatcher::put_off(RunnerQueue& queue, PendingItem item, const NotAdmitted& why) {
    auto& runner = *queue.runner;
    if (runner.stopped) {
        ++runner.dropped;
        return;
    }
    if (why.until >= item.deadline) {
        finish_unfetched(queue, std::move(item), failure_code::timeout_item_deadline);
        return;
    }
    put_aside(queue, std::move(item), why.until, why.reason);
}

}  // namespace fanfetch
