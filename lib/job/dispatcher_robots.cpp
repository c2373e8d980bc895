#include "job/attempt_visits.hpp"
#include "job/dispatcher.hpp"
#include "job/outcome_record.hpp"

#include <limits>
#include <utility>

// The part of Dispatcher that asks robots.txt before an item is fetched.

namespace fanfetch {

RobotsCache Dispatcher::make_robots_cache() {
    RobotsCache::Parts parts{parts_.loop};
    parts.fetcher = parts_.fetcher;
    parts.clock = parts_.clock;
    parts.random = parts_.random;
    parts.user_agent = parts_.user_agent;
    parts.longest_retry_after = parts_.limits.host.max_retry_after;
    parts.visits = [this] {
        constexpr auto any = std::numeric_limits<std::size_t>::max();  // whose item it is has asked
        return std::make_unique<AttemptVisits>(*this, VisitWish{any, 0});
    };
    parts.spawn = [this](awaitable<void> body) { spawn_robots(std::move(body)); };
    return RobotsCache{std::move(parts)};
}

/// A lane of no job: it takes no permit and no slot, and ends with the others when the shard stops.
void Dispatcher::spawn_robots(awaitable<void> body) {
    if (aborting_) {
        return;
    }
    launch(lanes_.emplace(lanes_.end()), [&body] { return std::move(body); });
}

/// Whether the item may be fetched now. If not, it has its result, or it is put aside until the
/// robots.txt is there: then its lane goes on with others, and it holds neither permit nor slot.
bool Dispatcher::robots_permit(
    RunnerQueue& queue, PendingItem& item, const RobotsQuestion& question, FetchOutcome& outcome
) {
    auto& runner = *queue.runner;
    const auto rules = robots_.find(question);
    if (!rules) {
        if (runner.stopped) {
            ++runner.dropped;
            return false;
        }
        ++runner.waiting;
        ++queue.aside;
        if (item.attempts.empty()) {  // its time begins with its first attempt
            item.started_at = WallTime{};
            item.deadline = Steady::time_point::max();
        }
        auto origin = RobotsCache::key_of(question);
        auto& parked = parked_[origin];
        parked.push_back({&queue, std::move(item), wait_reason::robots});
        if (parked.size() == 1) {
            std::weak_ptr<Dispatcher*> alive = alive_;
            robots_.ask(question, [alive, origin = std::move(origin)](const auto&) {
                if (const auto self = alive.lock()) {
                    (*self)->unpark(origin);
                }
            });
        }
        return false;
    }
    const auto allowed = RobotsCache::judge(*rules, *question.url);
    if (allowed) {
        return true;
    }
    outcome.code = allowed.error().code;
    outcome.detail = allowed.error().detail;
    auto& record = runner.finished.emplace_back(
        record_of(std::move(item), std::move(outcome), parts_.clock->wall())
    );
    if (!record.result.attempts.empty()) {  // nothing was sent this time
        record.result.attempts.pop_back();
        --record.result.attempts_made;
    }
    measure(record.result);
    settle_followers(runner, record.result.index);
    return false;
}

/// Queues what waited for a robots.txt, in its old order and before what came later.
void Dispatcher::unpark(const std::string& origin) {
    auto node = parked_.extract(origin);
    if (node.empty()) {
        return;
    }
    auto& parked = node.mapped();
    for (auto one = parked.rbegin(); one != parked.rend(); ++one) {
        --one->queue->runner->waiting;
        --one->queue->aside;
        enqueue(*one->queue, std::move(one->item), true);
    }
    for (const auto& one : parked) {
        pump(*one.queue->host);
        touch(*one.queue->runner);
    }
}

/// The job is being dropped, and with it what it has parked.
void Dispatcher::forget_parked(JobRunner& runner) {
    for (auto& [origin, parked] : parked_) {
        runner.dropped += std::erase_if(parked, [&runner](const Waiting& one) {
            const bool own = one.queue->runner == &runner;
            one.queue->aside -= own ? 1 : 0;
            return own;
        });
    }
}

}  // namespace fanfetch
