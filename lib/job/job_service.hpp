#pragma once

#include "base/expected.hpp"
#include "base/log.hpp"
#include "base/settled_time.hpp"
#include "coro/loop.hpp"
#include "executor/executor.hpp"
#include "job/dispatcher.hpp"
#include "job/job.hpp"
#include "job/job_upload.hpp"
#include "store/job_store.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace fanfetch {

/// What may be submitted.
struct JobLimits {
    std::uint64_t max_items_per_job = 10'000'000;
    std::uint64_t max_queued_items = 50'000'000;
};

/// What one tenant may have at a time; absent: as much as everybody together.
struct TenantLimits {
    std::optional<std::uint64_t> max_jobs{};          ///< that are not done
    std::optional<std::uint64_t> max_queued_items{};  ///< without a result
    std::optional<std::uint64_t> max_stored_bytes{};  ///< of responses
};

/// What one tenant has.
struct TenantUse {
    std::uint64_t jobs = 0;
    std::uint64_t queued_items = 0;
    std::uint64_t stored_bytes = 0;
};

/// All jobs: creates them, finds them (running ones here, done ones in the store), takes them up
/// again after a start, and forgets them when their time is over.
///
/// Threads  any; coroutines run on the shard of whoever awaits them
class JobService {
public:
    struct Shard {
        LoopExecutor loop;
        Dispatcher* dispatcher = nullptr;
    };
    struct Parts {
        std::vector<Shard> shards;
        JobStore* store = nullptr;
        Executor* blocking = nullptr;
        const Clock* clock = nullptr;
        Logger* log = nullptr;
        JobLimits limits;
        /// What holds for a tenant now; none: nobody has a limit of his own.
        std::function<TenantLimits(const std::string& tenant)> limits_of{};
        const PendingBytes* pending = nullptr;  ///< what the shards have handed to the store
    };

    explicit JobService(Parts parts);

    /// The dispatcher of a shard, before the loops start.
    void set_dispatcher(std::size_t shard, Dispatcher& dispatcher) {
        parts_.shards[shard].dispatcher = &dispatcher;
    }

    /// Begins a job at home on the shard of `loop`. With `start_early` its items are fetched while
    /// their submit is still being committed.
    ///
    /// Errors  draining, disk_low, store_unavailable, quota_exceeded
    Expected<JobUpload> begin(
        JobOptions options, std::string tenant, LoopExecutor loop, bool start_early = false
    );

    /// Appends to a job that was left open. Errors: job_not_found, draining, disk_low,
    /// store_unavailable; job_done, job_cancelling, job_sealed, job_uploading: it takes no more.
    awaitable<Expected<JobUpload>> append(std::string id, std::string tenant);

    /// A job as it is now; job_not_found also when it is another tenant's.
    awaitable<Expected<JobSnapshotPtr>> find(std::string id, std::string tenant);

    /// How whoever waits says that there is no point any more: called once with what to call then,
    /// on the loop of the one who waits.
    using GiveUp = std::function<void(std::function<void()> stop)>;

    /// As find, once the condition holds, `limit` has passed or the wait was given up, whichever
    /// comes first.
    awaitable<Expected<JobSnapshotPtr>> wait(
        std::string id, std::string tenant, WaitCondition condition,
        std::chrono::milliseconds limit, GiveUp give_up = {}
    );

    /// As find for each of several jobs, once the condition holds for them together or the wait
    /// ends as above. Null for a job there is none of; then nothing was waited for.
    awaitable<std::vector<JobSnapshotPtr>> wait_many(
        std::vector<std::string> ids, std::string tenant, WaitCondition condition,
        std::chrono::milliseconds limit, GiveUp give_up = {}
    );
    /// Nobody waits for the job any more: cancels it, without an answer.
    void client_gone(const std::string& id, const std::string& tenant);

    /// Jobs that match, newest first, with the live picture of those that run.
    awaitable<std::vector<JobSnapshotPtr>> list(JobQuery query);

    awaitable<Expected<CancelAnswer>> cancel(
        std::string id, std::string tenant, cancel_mode mode,
        state_reason reason = state_reason::by_user
    );

    // What these do is durable when they answer. Errors: job_not_found, and as Job's members.

    awaitable<Expected<JobSnapshotPtr>> pause(std::string id, std::string tenant);
    awaitable<Expected<JobSnapshotPtr>> resume(std::string id, std::string tenant);
    awaitable<Expected<JobSnapshotPtr>> seal(std::string id, std::string tenant);
    /// A done job keeps its end; only how long it is kept and its metadata can change.
    awaitable<Expected<JobSnapshotPtr>> change(std::string id, std::string tenant, JobPatch patch);
    /// Runs items of a done job again, at home on the shard of `loop`. Errors: job_running,
    /// draining, quota_exceeded.
    awaitable<Expected<JobSnapshotPtr>> rerun(
        std::string id, std::string tenant, RerunSelection selection, LoopExecutor loop
    );

    /// Erases a done job. Errors: job_not_found, job_running.
    awaitable<Expected<void>> erase(std::string id, std::string tenant);

    /// How hosts are doing, by name; with `tenant` those that his unfinished items wait for.
    awaitable<std::vector<HostStatus>> hosts(std::optional<std::string> tenant);
    /// Changes what the operator grants the host at `key`, durably. `change` gets what holds so
    /// far. Errors: as the store's writes.
    awaitable<Expected<HostStatus>> change_host(
        std::string key, std::function<HostOverride(HostOverride)> change
    );
    /// Where the items of a job are that the shards have; the others are queued in the store.
    awaitable<std::vector<ItemPosition>> positions(std::string id);

    /// Gives every shard what is remembered of its hosts. Once, before `recover`.
    void restore_hosts();

    /// Takes up every unfinished job of the store. Once, before the first request. Returns how
    /// many.
    std::size_t recover();

    /// What holds for tenants may have changed: weights and quotas count from now on.
    void terms_changed();

    /// Refuses new jobs from now on.
    void drain() noexcept { draining_ = true; }
    [[nodiscard]] bool draining() const noexcept { return draining_; }

    /// Stops the timers of all jobs, so that the loops can end. The last step before they do.
    void rest();

    /// Erases done jobs whose time to live has passed, and forgets old keys of requests. Blocks;
    /// called now and then.
    void expire();

    [[nodiscard]] JobStore& store() noexcept { return *parts_.store; }
    [[nodiscard]] Executor& blocking() noexcept { return *parts_.blocking; }
    [[nodiscard]] const JobLimits& limits() const noexcept { return parts_.limits; }
    /// Whether a tenant may have `items` more; quota_exceeded when not.
    [[nodiscard]] Expected<void> may_queue(const std::string& tenant, std::uint64_t items) const;
    /// Whether a tenant may store more; quota_exceeded when not.
    [[nodiscard]] Expected<void> may_store(const std::string& tenant) const;
    /// Bytes of responses that a tenant has in the store, or that are on their way there.
    [[nodiscard]] std::uint64_t stored_by(const std::string& tenant) const;
    [[nodiscard]] TenantUse use_of(const std::string& tenant) const;
    [[nodiscard]] std::uint64_t unfinished_items() const;
    [[nodiscard]] std::size_t live_jobs() const;

private:
    template <class Ask>
    auto ask_shards(Ask ask) -> awaitable<decltype(ask(std::declval<Dispatcher&>()))>;
    [[nodiscard]] std::shared_ptr<Job> live(const std::string& id) const;
    [[nodiscard]] TenantLimits limits_of(const std::string& tenant) const;
    /// nullptr when somebody works on that job already.
    std::shared_ptr<Job> adopt(JobRecord record, LoopExecutor loop);
    void forget(const Job& job);
    void look_at_quotas();
    [[nodiscard]] std::optional<Future<Expected<void>>> erase_unused(const std::string& id);
    [[nodiscard]] Job::Parts parts_of_jobs(LoopExecutor loop);
    using AskJob = std::function<Future<Expected<JobSnapshotPtr>>(Job&)>;
    awaitable<Expected<JobSnapshotPtr>> ask_job(std::string id, std::string tenant, AskJob ask);

    Parts parts_;
    std::atomic<bool> draining_{false};
    mutable std::mutex mutex_;  // guards the map; held for a look-up
    std::unordered_map<std::string, std::shared_ptr<Job>> live_;
    SettledClock settled_;  // what done jobs grow old by
    const std::shared_ptr<LiveCounts> counts_ = std::make_shared<LiveCounts>();
};

}  // namespace fanfetch
