// Waiting for several jobs at once.
#include "coro/await_future.hpp"
#include "coro/with_timeout.hpp"
#include "job/job_service.hpp"

#include <utility>

namespace fanfetch {
namespace {

/// Counts jobs as they end, on whichever shard they are at home, until there are enough.
class Tally {
public:
    Tally(WaitCondition condition, const std::vector<JobSnapshotPtr>& jobs)
        : condition_{condition} {
        seen_.total = jobs.size();
        for (const auto& job : jobs) {
            add(*job);
        }
        if (jobs.empty()) {
            enough_.try_set_result();
        }
    }

    void add(const JobSnapshot& job) {
        if (count(job)) {
            enough_.try_set_result();
        }
    }

    [[nodiscard]] Future<void> enough() { return enough_.get_future(); }

private:
    bool count(const JobSnapshot& job) {
        const std::lock_guard lock{mutex_};
        seen_.done += job.done() ? 1 : 0;
        seen_.exceptions += has_exception(job) ? 1 : 0;
        return seen_.satisfies(condition_);
    }

    std::mutex mutex_;  // guards the counts
    const WaitCondition condition_;
    JobsDone seen_;
    Promise<void> enough_;
};

}  // namespace

awaitable<std::vector<JobSnapshotPtr>> JobService::wait_many(
    std::vector<std::string> ids, std::string tenant, WaitCondition condition,
    std::chrono::milliseconds limit, GiveUp give_up
) {
    std::vector<JobSnapshotPtr> found;
    bool all_there = true;
    for (const auto& id : ids) {
        auto job = co_await find(id, tenant);
        all_there = all_there && job.has_value();
        found.push_back(job ? std::move(*job) : nullptr);
    }
    if (!all_there || limit <= std::chrono::milliseconds{0}) {
        co_return found;
    }
    auto tally = std::make_shared<Tally>(condition, found);
    const auto enough = tally->enough();
    // A job that has an exception already is counted; what it may still do is end.
    using kind = WaitCondition::kind;
    std::vector<Future<JobSnapshotPtr>> watched;
    for (const auto& job : found) {
        const auto running = job->done() ? nullptr : live(job->record.id);
        if (!running) {
            if (!job->done()) {  // it has ended since
                const auto ended = co_await find(job->record.id, tenant);
                tally->add(ended ? **ended : *job);
            }
            continue;
        }
        const bool awaits_fault = condition.what == kind::first_exception && !has_exception(*job);
        watched.push_back(
            running->when({awaits_fault ? kind::first_exception : kind::all_completed, 0})
        );
        watched.back().add_done_callback([tally](const Future<JobSnapshotPtr>& news) {
            if (!news.cancelled()) {
                tally->add(*news.result());
            }
        });
    }
    if (give_up) {
        give_up([enough] { enough.cancel(); });
    }
    auto waiting = [&enough]() -> awaitable<void> { co_await await_future(enough); };
    try {
        co_await with_timeout(limit, waiting);
    } catch (const TimeoutError&) {
    } catch (const CancelledError&) {  // given up, or the whole loop is ending
    }
    for (const auto& future : watched) {
        future.cancel();
    }
    for (auto& job : found) {
        if (auto now = co_await find(job->record.id, tenant)) {
            job = std::move(*now);
        }
    }
    co_return found;
}

}  // namespace fanfetch
