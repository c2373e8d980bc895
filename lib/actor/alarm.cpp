#include "actor/alarm.hpp"

#include <pthread.h>
#include <algorithm>
#include <cassert>

namespace fanfetch::detail {
namespace {

/// Where the entries without a deadline stand.
constexpr auto never = Steady::time_point::max();

constexpr std::size_t least_to_look_at = 64;

}  // namespace

Alarm::~Alarm() {
    assert(!thread_.joinable());
}

Alarm::Ticket Alarm::reserve(const Deadline& deadline) noexcept {
    return {deadline.value_or(never), last_.fetch_add(1, std::memory_order_relaxed) + 1};
}

void Alarm::add(const Ticket& ticket, std::unique_ptr<AlarmEntry> entry) {
    std::vector<std::unique_ptr<AlarmEntry>> stale;
    {
        const std::lock_guard lock{mutex_};
        if (!closed_) {
            if (!thread_.joinable() && ticket.first != never) {
                thread_ = std::thread{[this] { ring(); }};
            }
            const auto added = entries_.emplace(ticket, std::move(entry)).first;
            if (added == entries_.begin()) {
                changed_.notify_one();
            }
            stale = take_stale();
        }
    }
    if (entry) {          // moved from, it is null
        entry->closed();  // NOLINT(bugprone-use-after-move)
    }
}

/// Under the lock. Each time the number has doubled since the last look, which pays for the look.
std::vector<std::unique_ptr<AlarmEntry>> Alarm::take_stale() {
    std::vector<std::unique_ptr<AlarmEntry>> stale;
    if (entries_.size() < look_at_) {
        return stale;
    }
    for (auto at = entries_.begin(); at != entries_.end();) {
        if (!at->second->stale()) {
            ++at;
            continue;
        }
        stale.push_back(std::move(at->second));
        at = entries_.erase(at);
    }
    look_at_ = std::max(least_to_look_at, 2 * entries_.size());
    return stale;
}

void Alarm::remove(const Ticket& ticket) {
    Entries::node_type removed;  // destroyed after the lock
    const std::lock_guard lock{mutex_};
    removed = entries_.extract(ticket);
}

void Alarm::ring() {
    pthread_setname_np(pthread_self(), "actor-alarm");
    on_start_();
    while (const auto entry = next_due()) {
        entry->due();
    }
}

/// Waits for an entry whose moment has come; null when the alarm is closed.
std::unique_ptr<AlarmEntry> Alarm::next_due() {
    std::unique_lock lock{mutex_};
    while (!closed_) {
        if (entries_.empty() || entries_.begin()->first.first == never) {
            changed_.wait(lock);
            continue;
        }
        const auto first = entries_.begin()->first.first;
        if (first <= Steady::now()) {
            auto entry = std::move(entries_.begin()->second);
            entries_.erase(entries_.begin());
            return entry;
        }
        changed_.wait_until(lock, first);
    }
    return nullptr;
}

void Alarm::close() noexcept {
    Entries orphans;
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
        orphans.swap(entries_);
    }
    changed_.notify_all();
    for (const auto& [ticket, entry] : orphans) {
        entry->closed();
    }
}

void Alarm::join() noexcept {
    if (thread_.joinable()) {
        thread_.join();
    }
}

std::size_t Alarm::entries() const {
    const std::lock_guard lock{mutex_};
    return entries_.size();
}

}  // namespace fanfetch::detail
