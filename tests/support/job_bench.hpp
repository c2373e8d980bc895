#pragma once

#include "base/log.hpp"
#include "base/random.hpp"
#include "coro/event_loop.hpp"
#include "executor/thread_pool_executor.hpp"
#include "job/connection_budget.hpp"
#include "job/job_service.hpp"
#include "store/memory/memory_job_store.hpp"
#include "support/scripted_fetcher.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace fanfetch::testing {

/// A store in memory whose reads of items fail as they are told to.
class UnreadableStore final : public MemoryJobStore {
public:
    /// The next reads fail; `damaged`: all that begin with an item from `first` on do, for ever.
    void fail_reads(int next) noexcept { failing_ = next; }
    void damage(std::uint64_t first) noexcept { damaged_ = first; }
    /// How many reads were asked for.
    [[nodiscard]] int reads() const noexcept { return reads_; }

    [[nodiscard]] ItemsFound scan_unfinished(const ItemScan& scan) override;

private:
    std::atomic<int> failing_{0};
    std::atomic<int> reads_{0};
    std::atomic<std::uint64_t> damaged_{std::numeric_limits<std::uint64_t>::max()};
};

/// A whole job machinery on one loop, over a scripted network and a store in memory. The shards, if
/// there are several, share the loop, the network and `most_in_flight`.
class JobBench {
public:
    explicit JobBench(DispatchLimits limits = {}, std::size_t shards = 1);
    ~JobBench();
    JobBench(const JobBench&) = delete;

    ScriptedFetcher& network() noexcept { return fetcher_; }
    UnreadableStore& store() noexcept { return store_; }
    JobService& jobs() noexcept { return *jobs_; }
    Dispatcher& dispatcher(std::size_t shard = 0) noexcept { return *dispatchers_[shard]; }
    const ConnectionBudget& connections() const noexcept { return connections_; }
    /// How often one shard had something done by another.
    [[nodiscard]] std::size_t reached() const noexcept { return reached_; }
    LoopExecutor loop() noexcept { return loop_.executor(); }

    /// Runs `body` on the loop and gives what it returns.
    template <class T>
    T run(awaitable<T> body) {
        return loop_.run_until_complete(std::move(body));
    }

    /// Submits `urls`, seals the job and waits for its end.
    JobSnapshotPtr run_to_end(std::vector<std::string> urls, JobOptions options = {});
    /// Submits and seals; the job goes on when the loop is run.
    std::shared_ptr<Job> submit(
        std::vector<std::string> urls, JobOptions options = {}, std::string tenant = "default"
    );
    /// Waits for the condition, with patience.
    JobSnapshotPtr wait(const Job& job, WaitCondition condition = {});
    /// Cancels by the user, and waits for the end.
    JobSnapshotPtr cancel(const Job& job, cancel_mode mode = cancel_mode::abort);
    /// Lets the loop go on until something is so, with patience.
    void wait_until(const std::function<bool()>& so);
    /// Whether nothing keeps the loop any more, now or soon: then a shard's thread can be joined.
    [[nodiscard]] bool runs_out();

    /// What tenants weigh, if not 1, and how much they may store.
    std::map<std::string, std::uint32_t> weights;
    std::map<std::string, std::uint64_t> quotas;
    /// Hosts that nobody may fetch from; their stored copies are nobody's either.
    std::set<std::string> forbidden;

private:
    Logger log_{log_level::off};
    EventLoop loop_{"bench"};
    FastRandom random_{1};
    PendingBytes pending_;
    UnreadableStore store_;
    ScriptedFetcher fetcher_;
    ThreadPoolExecutor blocking_;
    ConnectionBudget connections_;
    std::vector<std::unique_ptr<Dispatcher>> dispatchers_;
    std::size_t reached_ = 0;
    std::unique_ptr<JobService> jobs_;
};

/// Items with these URLs.
[[nodiscard]] std::vector<Item> items_of(const std::vector<std::string>& urls);

/// "http://a.test/0" … of one host.
[[nodiscard]] std::vector<std::string> urls_of(const std::string& host, std::size_t count);

}  // namespace fanfetch::testing
