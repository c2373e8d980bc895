#pragma once

#include "base/metrics.hpp"
#include "base/random.hpp"
#include "coro/loop.hpp"
#include "executor/executor.hpp"
#include "extract/extractor.hpp"
#include "fetch/batch_hasher.hpp"
#include "fetch/fetcher.hpp"
#include "fetch/robots_cache.hpp"
#include "job/connection_budget.hpp"
#include "job/job_runner.hpp"
#include "job/pending_bytes.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace fanfetch {

class AttemptPlan;

/// What the shards count.
struct DispatchMetrics {
    Counter items;  ///< by how they ended, see item_state
    Counter attempts;
    Counter body_bytes;
    Histogram attempt_seconds;  ///< of each attempt's whole time

    [[nodiscard]] static DispatchMetrics make(MetricRegistry& registry);
};

/// What one shard may do for all jobs together.
struct DispatchLimits {
    HostPolicy host;                      ///< what any one host is granted
    std::size_t most_in_flight = 10'000;  ///< exchanges of this shard: its lease, if it has one
    /// How long an item is put aside whose body the disk refused, or for which there was no
    /// descriptor; by chance up to twice as long. Work goes on within seconds when there is room,
    /// and no large body is fetched in vain all the time.
    std::chrono::milliseconds shortage_pause{2'000};

    /// What of them the interactive lane alone may use: a flood of slow exchanges in the other one
    /// must not keep it waiting.
    [[nodiscard]] std::size_t reserved() const noexcept { return most_in_flight / 16; }
    [[nodiscard]] std::size_t shared() const noexcept { return most_in_flight - reserved(); }
};

/// Decides on one shard which item starts next, runs its attempts, and hands the results to the
/// store, a batch for every loop turn.
///
/// An item starts when its job has a permit, its host a free slot and the shard a connection to
/// spare. Tenants take turns at a host, and at connections when the shard has none left; see
/// TenantTurns. A *lane* is a coroutine that stays with a host and takes item after item, so that a
/// long list costs no spawn per URL.
///
/// Threads  the shard; commits come back from the store's thread and go to the job's own loop
class Dispatcher {
public:
    struct Parts {
        explicit Parts(LoopExecutor executor) : loop{executor} {}

        LoopExecutor loop;
        std::size_t shard = 0;
        std::size_t shards = 1;
        /// Has something done by the dispatcher of another shard, there. None: there is no other.
        std::function<void(std::size_t shard, std::function<void(Dispatcher&)> act)> reach;
        Fetcher* fetcher = nullptr;
        JobStore* store = nullptr;
        Executor* blocking = nullptr;    ///< finishes long bodies
        Extractor* extractor = nullptr;  ///< none: no job may ask for it
        Random* random = nullptr;
        const Clock* clock = nullptr;
        const DispatchMetrics* metrics = nullptr;
        std::string user_agent;  ///< what a robots.txt knows us by
        DispatchLimits limits;
        /// What a tenant's share is measured by; none: all count alike.
        std::function<std::uint32_t(const std::string& tenant)> weight_of{};
        /// Whether a tenant has stored all it may; none: nobody has a quota.
        std::function<bool(const std::string& tenant)> over_quota{};
        /// Whether a tenant may fetch a URL at all, as far as can be said without resolving its
        /// name: else no copy of it is used either. None: everybody may.
        std::function<bool(const std::string& tenant, const Url& url)> may_fetch{};
        MemoryBudget* memory = nullptr;  ///< bodies of copies are counted there; none: nowhere
        /// Where the shards note what they have handed to the store, for `over_quota` to count.
        PendingBytes* pending = nullptr;
        /// What the shards share of connections; `limits.most_in_flight` is then a lease of it.
        /// Outlives them. None: this one has its own.
        ConnectionBudget* connection_budget = nullptr;
    };

    explicit Dispatcher(Parts parts);
    ~Dispatcher();
    Dispatcher(const Dispatcher&) = delete;

    /// Takes items of a job, all of hosts that belong to this shard, and `permits` to run them.
    void give(
        const std::shared_ptr<JobFrontEnd>& job, std::vector<Item> items, std::size_t permits
    );

    /// Forgets what the job has queued here; with `abort` its exchanges end within a loop turn.
    /// The job hears of every item: those in flight that end by themselves are still recorded.
    void drop(const std::string& job_id, bool abort);

    /// Starts nothing of the job, or goes on with it; what is in flight ends in any case.
    void hold(const std::string& job_id, bool held);
    /// What the job asks for has changed, and it wants so many permits back as soon as may be.
    void change(const std::string& job_id, const JobKnobs& knobs, std::size_t take_back);

    /// Tenants may weigh something else than before, and have other quotas.
    void reweigh();
    /// Something of what tenants have stored is gone.
    void look_at_quotas();

    /// Starts nothing any more, lets what is in flight end within `grace`, ends the rest without a
    /// result: it stays unfinished in the store. Returns when no lane is left.
    awaitable<void> stop(std::chrono::milliseconds grace);

    /// What was remembered of hosts over a restart. Before the first `give`.
    void restore(const std::vector<HostRecord>& hosts);
    /// How the hosts are doing that are known here; with `tenant` only those that his unfinished
    /// items wait for.
    [[nodiscard]] std::vector<HostStatus> hosts(const std::optional<std::string>& tenant) const;
    /// Lays the operator's word over what a host is granted, at once; `saved` is done when it holds
    /// after a restart too.
    struct ChangedHost {
        HostStatus status;
        Future<Expected<void>> saved;
    };
    ChangedHost change_host(
        const std::string& key, const std::function<HostOverride(HostOverride)>& change
    );
    /// Where the job's items are that were given to this shard.
    [[nodiscard]] std::vector<ItemPosition> positions(const std::string& job_id) const;

    /// How many items of the job each host has here.
    [[nodiscard]] HostBacklog backlog(const std::string& job_id) const;

    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

    // For attempts that are led to other hosts (AttemptVisits).

    [[nodiscard]] const Clock& clock() const noexcept { return *parts_.clock; }
    /// Runs `act` on the shard that the host belongs to, with its dispatcher.
    void at_shard_of(const std::string& host_key, std::function<void(Dispatcher&)> act);
    /// Somebody wants one exchange with a host of this shard. He is told when he may begin, or when
    /// to come again; then he has not come.
    void arrive(const std::shared_ptr<HostVisitor>& visitor);
    /// The visitor's exchange is over, or he waits no longer.
    void depart(HostVisitor& visitor, const AttemptSigns& signs);
    /// An attempt is no longer with the host of its item.
    void left_home(HostQueue& host, const AttemptSigns& signs);

    // For the dispatchers of other shards.

    /// Another shard is short of connections: lends it what can be spared.
    void lend_connections();
    /// Another shard has lent some.
    void borrow(std::size_t count);

private:
    using LoopTimer =
        boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>;

    struct Lane {
        boost::asio::cancellation_signal stop;
        JobRunner* runner = nullptr;
        RunnerQueue* queue = nullptr;  ///< its item is from there, and holds a slot of its host
        std::uint64_t index = 0;       ///< of the item that is on its way
        bool settled = false;          ///< that has a result, or is put aside for later
        AttemptSigns signs;            ///< what its attempt told about the host
        bool away = false;             ///< it was led to another one, and has given its place back
        bool aborted = false;
    };
    using Lanes = std::list<Lane>;

    JobRunner& runner_of(const std::shared_ptr<JobFrontEnd>& job);
    RunnerQueue& queue_of(JobRunner& runner, const std::string& host_key);
    void enqueue(RunnerQueue& queue, PendingItem item, bool at_front);
    [[nodiscard]] bool follows(JobRunner& runner, const Item& item);
    void copy_result(JobRunner& runner, std::uint64_t index, std::uint64_t of);
    void settle_followers(JobRunner& runner, std::uint64_t index);
    static void forget_followers(JobRunner& runner);
    void took(RunnerQueue& queue, std::size_t count);
    std::deque<PendingItem> take_all(RunnerQueue& queue);
    [[nodiscard]] std::uint32_t weight_of(const std::string& tenant) const;
    ShardTenant& tenant_of(const std::string& name);
    static HostTenant& seat_at(HostQueue& host, const ShardTenant& tenant);
    static void leave_host(RunnerQueue& queue);
    static void join_line(RunnerQueue& queue);
    static void leave_line(RunnerQueue& queue);
    void join_starved(JobRunner& runner);
    void leave_starved(JobRunner& runner);
    void serve_starved();
    [[nodiscard]] bool start_one(JobRunner& runner);
    void suspend_or_resume(JobRunner& runner);
    void weigh_quotas();
    void hand_over(JobRunner& runner);
    void weigh_quota(ShardTenant& tenant);
    [[nodiscard]] bool may_connect(const JobRunner& runner) const noexcept;
    [[nodiscard]] bool wants_connections() const noexcept;
    void balance_connections();
    void ask_for_connections();
    void withdraw_from_line() noexcept;
    void set_aside_for_needy() noexcept;
    void lend_to_needy();
    void lend(std::size_t count, ConnectionBudget::borrowers whom);
    static void place(RunnerQueue& queue, queue_place where);
    void turn_away(RunnerQueue& queue);
    static void reopen(HostQueue& host);
    void retire_if_drained(RunnerQueue& queue);
    void retire_drained(HostQueue& host);

    HostQueue& host_of(const std::string& key);
    void retire_if_unused(HostQueue& host);
    [[nodiscard]] bool must_pause(HostQueue& host);
    void forget(HostQueue& host);
    void outlived(HostQueue& host);
    void weigh_wishes(HostQueue& host);
    [[nodiscard]] bool admits(HostQueue& host);
    void wake_at(HostQueue& host, Steady::time_point when);
    void host_ended(HostQueue& host, const AttemptSigns& signs);
    void give_up_on(HostQueue& host);
    [[nodiscard]] Future<Expected<void>> save(HostQueue& host);
    void remember(HostQueue& host);
    void expire_items(HostQueue& host, Steady::time_point now);
    void finish_unfetched(RunnerQueue& queue, PendingItem item, failure_code code);

    void slot_freed(HostQueue& host);
    void serve_line(HostQueue& host);
    void refuse(HostVisitor& visitor, const NotAdmitted& why);
    void forget_visitor(HostVisitor& visitor);
    void put_off(RunnerQueue& queue, PendingItem item, const NotAdmitted& why);

    void pump(HostQueue& host);
    void pump(JobRunner& runner);
    [[nodiscard]] RunnerQueue* next_of(HostQueue& host);
    [[nodiscard]] PendingItem begin(RunnerQueue& queue);
    void give_slots(RunnerQueue& queue);
    void spawn_lane(RunnerQueue& queue, PendingItem item);
    static void hold(Lane& lane, RunnerQueue& queue, const PendingItem& item) noexcept;
    void launch(Lanes::iterator lane, const std::function<awaitable<void>()>& body);
    void lane_ended(Lanes::iterator lane, const std::exception_ptr& error);
    void item_broke(Lane& lane);
    void abort_all();
    awaitable<void> run_lane(Lane& lane, RunnerQueue& first, PendingItem item);
    awaitable<void> run_item(Lane& lane, RunnerQueue& queue, PendingItem item);
    static void start_deadline(
        const JobRunner& runner, PendingItem& item, Steady::time_point begun
    );
    [[nodiscard]] static std::uint8_t parts_to_extract(
        const JobOptions& options, const FetchOutcome& outcome
    );
    awaitable<std::string> extract(
        const PendingItem& item, std::uint8_t parts, FetchOutcome& outcome,
        std::optional<BodyRef> body
    );
    awaitable<std::optional<BodyRef>> finish_spilled(
        const PendingItem& item, FetchOutcome& outcome
    );
    [[nodiscard]] bool retry_later(
        RunnerQueue& queue, PendingItem& item, const FetchOptions& options, FetchOutcome& outcome
    );
    [[nodiscard]] bool wait_for_room(
        RunnerQueue& queue, PendingItem& item, const FetchOutcome& outcome
    );
    void put_aside(
        RunnerQueue& queue, PendingItem item, Steady::time_point due, wait_reason reason
    );
    void arm_timer();
    void on_timer();
    void on_retries_due(Steady::time_point now);
    void on_alarms_due(Steady::time_point now);
    [[nodiscard]] RobotsCache make_robots_cache();
    void spawn_robots(awaitable<void> body);
    [[nodiscard]] bool robots_permit(
        RunnerQueue& queue, PendingItem& item, const AttemptPlan& plan, FetchOutcome& outcome
    );
    void park(RunnerQueue& queue, PendingItem item, const AttemptPlan& plan);
    void unpark(const std::string& origin);
    void forget_parked(JobRunner& runner);
    void look_at_parked(Steady::time_point now);
    struct Parked;
    [[nodiscard]] static Steady::time_point due(Parked& one, Steady::time_point asked);
    void give_up_waiting(Parked one, Steady::time_point now);

    void search_copies(JobRunner& runner);
    void forget_search(JobRunner& runner, bool abort);
    awaitable<void> run_search(Lane& lane, JobRunner& runner);
    struct Sought;
    awaitable<void> find_copies(JobRunner& runner, std::vector<Sought>& sought);
    awaitable<bool> end_as_copy(JobRunner& runner, Sought& sought);
    void begin_search(JobRunner& runner, std::vector<Sought>& sought);
    void pass_on(JobRunner& runner, std::vector<Sought>& sought, std::deque<Sought>& found);
    void end_search(JobRunner& runner, Sought& sought);

    void touch(JobRunner& runner);
    void flush();
    void hash(std::span<ResultGroup> groups);
    void report(JobRunner& runner);
    [[nodiscard]] std::optional<Completion> completion_of(const JobRunner& runner) const;
    void conclude(JobRunner& runner, const ItemResult& result);
    static void weigh_failure(JobRunner& runner, const ItemResult& result);
    void measure(const ItemResult& result);
    /// What a report needs to know of a job's queues.
    struct Demand {
        std::size_t permits = 0;  ///< it has a use for
        std::size_t waiting = 0;  ///< items that their host keeps waiting
    };
    [[nodiscard]] Demand demand_of(JobRunner& runner);
    [[nodiscard]] std::size_t connections_for(const JobRunner& runner) const noexcept;
    [[nodiscard]] bool has_room(const JobRunner& runner) const noexcept { return room(runner) > 0; }
    [[nodiscard]] std::size_t room(const JobRunner& runner) const noexcept;
    void tell_waiting(HostQueue& host);
    void retire_if_idle(JobRunner& runner);

    struct Waiting {
        RunnerQueue* queue;
        PendingItem item;
        wait_reason reason;
    };
    /// An item that waits for a robots.txt.
    struct Parked {
        RunnerQueue* queue;
        PendingItem item;
        Steady::time_point since;
        std::chrono::milliseconds limit;  ///< of an attempt at it
    };

    Parts parts_;
    std::unordered_map<std::string, std::unique_ptr<HostQueue>> hosts_;
    std::unordered_map<std::string, std::unique_ptr<ShardTenant>> tenants_;  // of runners_
    std::unordered_map<std::string, std::unique_ptr<JobRunner>> runners_;
    TenantTurns connections_;  // whose jobs wait for one
    std::multimap<Steady::time_point, Waiting> waiting_;
    std::multimap<Steady::time_point, HostQueue*> alarms_;
    std::unordered_map<std::string, std::vector<Parked>> parked_;  // by origin
    Steady::time_point parked_look_ = Steady::time_point::max();   // when they are looked at
    RobotsCache robots_;
    LoopTimer timer_;
    LoopTimer all_ended_;
    Lanes lanes_;
    std::size_t in_flight_ = 0;
    std::size_t set_aside_ = 0;  // of the lease, to be lent when the loop turn ends
    bool asking_ = false;        // stands in line for connections of other shards
    std::vector<JobRunner*> dirty_;
    BatchHasher hasher_;
    std::vector<BatchHasher::Body> to_hash_;
    bool flush_posted_ = false;
    bool stopping_ = false;
    bool aborting_ = false;               // no lane is left alone any more
    std::shared_ptr<Dispatcher*> alive_;  // handlers hold it weakly: they may outlive us
};

}  // namespace fanfetch
