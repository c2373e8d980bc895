#include "job/attempt_plan.hpp"
#include "job/attempt_visits.hpp"
#include "job/dispatcher.hpp"
#include "job/outcome_record.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

// The part of Dispatcher that asks robots.txt before an item is fetched.

namespace fanfetch {
namespace {

/// How much longer than an attempt may take somebody waits for a robots.txt, at the most.
constexpr std::chrono::milliseconds pause_between_looks{100};

}  // namespace

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
    RunnerQueue& queue, PendingItem& item, const AttemptPlan& plan, FetchOutcome& outcome
) {
    auto& runner = *queue.runner;
    const auto rules = robots_.find(plan.robots_question());
    if (!rules) {
        park(queue, std::move(item), plan);
        return false;
    }
    const auto allowed = RobotsCache::judge(*rules, *plan.url());
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
    conclude(runner, record.result);
    return false;
}

void Dispatcher::park(RunnerQueue& queue, PendingItem item, const AttemptPlan& plan) {
    auto& runner = *queue.runner;
    if (runner.stopped) {
        ++runner.dropped;
        return;
    }
    ++runner.waiting;
    ++queue.aside;
    if (item.attempts.empty()) {  // its time begins with its first attempt
        item.started_at = WallTime{};
    }
    const auto now = parts_.clock->now();
    const auto question = plan.robots_question();
    auto origin = RobotsCache::key_of(question);
    auto& parked = parked_[origin];
    parked.push_back({&queue, std::move(item), now, plan.options().timeouts.total});
    if (parked_look_ == Steady::time_point::max()) {
        parked_look_ = now + pause_between_looks;
        arm_timer();
    }
    if (parked.size() == 1) {
        std::weak_ptr<Dispatcher*> alive = alive_;
        robots_.ask(question, [alive, origin = std::move(origin)](const auto&) {
            if (const auto self = alive.lock()) {
                (*self)->unpark(origin);
            }
        });
    }
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
        auto& host = *one->queue->host;
        if (one->item.deadline < host.alarm) {
            wake_at(host, one->item.deadline);
        }
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
        runner.dropped += std::erase_if(parked, [&runner](const Parked& one) {
            const bool own = one.queue->runner == &runner;
            one.queue->aside -= own ? 1 : 0;
            return own;
        });
    }
}

/// When whoever waits for an answer that the origin was asked for at `asked` has waited as long as
/// an attempt may take. Its own deadline counts from there too.
Steady::time_point Dispatcher::due(Parked& one, Steady::time_point asked) {
    const auto begun = std::max(one.since, asked);
    start_deadline(*one.queue->runner, one.item, begun);
    return std::min(saturating_add(begun, one.limit), one.item.deadline);
}

/// Ends the attempts that wait for a robots.txt for too long. While nobody is asking for the file,
/// because its host lets nobody start, they only wait, as all others of that host do.
void Dispatcher::look_at_parked(Steady::time_point now) {
    std::vector<Parked> overdue;
    for (auto& [origin, parked] : parked_) {
        const auto asked = robots_.asked_at(origin);
        const auto late = std::stable_partition(parked.begin(), parked.end(), [&](Parked& one) {
            return (asked ? due(one, *asked) : one.item.deadline) > now;
        });
        std::move(late, parked.end(), std::back_inserter(overdue));
        parked.erase(late, parked.end());
    }
    for (auto& one : overdue) {
        give_up_waiting(std::move(one), now);
    }
    const bool none =
        std::ranges::all_of(parked_, [](const auto& at) { return at.second.empty(); });
    parked_look_ = none ? Steady::time_point::max() : now + pause_between_looks;
}

/// That was its attempt: it is tried again, or has failed.
void Dispatcher::give_up_waiting(Parked one, Steady::time_point now) {
    auto& queue = *one.queue;
    auto& runner = *queue.runner;
    auto& item = one.item;
    --runner.waiting;
    --queue.aside;
    const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(now - one.since);
    const auto since = parts_.clock->wall() - std::chrono::floor<std::chrono::milliseconds>(waited);
    if (item.started_at == WallTime{}) {
        item.started_at = since;
    }
    FetchOutcome outcome;
    outcome.code =
        item.deadline <= now ? failure_code::timeout_item_deadline : failure_code::timeout_total;
    outcome.detail =
        "waiting for the origin's robots.txt: no answer came in the time of an attempt";
    outcome.attempt.started_at = since;
    outcome.attempt.timing.total = waited;
    const AttemptPlan plan{item.item, runner.job()};
    if (!retry_later(queue, item, plan.options(), outcome)) {
        auto& record = runner.finished.emplace_back(
            record_of(std::move(item), std::move(outcome), parts_.clock->wall())
        );
        conclude(runner, record.result);
        retire_if_drained(queue);
    }
    touch(runner);
}

}  // namespace fanfetch
