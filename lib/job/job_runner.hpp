#pragma once

#include "base/time.hpp"
#include "fetch/partial_body.hpp"
#include "host/host.hpp"
#include "host/visit_line.hpp"
#include "job/host_key.hpp"
#include "job/host_visitor.hpp"
#include "job/passed_hosts.hpp"
#include "job/request_digest.hpp"
#include "job/tenant_turns.hpp"
#include "model/item.hpp"
#include "model/options.hpp"
#include "model/result.hpp"
#include "store/job_store.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/intrusive/list.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace fanfetch {

/// An item on a shard, with what its attempts came to so far.
struct PendingItem {
    Item item;
    std::vector<Attempt> attempts;
    Steady::time_point queued_at{};
    WallTime started_at{};                                    ///< of the first attempt
    Steady::time_point deadline = Steady::time_point::max();  ///< set by the first attempt
    std::unique_ptr<PartialBody> partial{};  ///< what came of a large body before it broke off
    std::optional<RequestDigest> digest{};   ///< with `max_age`, when its response may be kept
};

/// Where an item is that is not done yet.
struct ItemPosition {
    std::uint64_t index = 0;
    item_state state = item_state::queued;
    wait_reason waiting_for = wait_reason::none;
    std::optional<WallTime> not_before;
};

/// What a shard tells a job at the end of a loop turn in which something changed. Numbers are
/// totals, not differences, but for `returned_permits` and `finished`.
struct RunnerReport {
    std::size_t in_flight = 0;
    std::size_t waiting = 0;           ///< for a retry, or for their host
    std::size_t startable = 0;         ///< more permits it has a use for
    std::size_t returned_permits = 0;  ///< given back: nothing here can use them
    std::size_t finished = 0;          ///< results on their way to the store since the last report
    std::size_t dropped = 0;  ///< items put aside unfinished by an abort since the last report
    std::optional<WallTime> started_at{};  ///< of the first item that started here
};

/// Those of a job's options that may change while it runs, as the shards need them.
struct JobKnobs {
    int concurrency = 30;
    int per_host_concurrency = 30;
    double per_host_rate = 0;
    int priority = 0;
    std::chrono::milliseconds ttl{};

    [[nodiscard]] static JobKnobs of(const JobOptions& options) noexcept {
        return {
            options.concurrency, options.per_host_concurrency, options.per_host_rate,
            options.priority, options.ttl};
    }
};

/// Results of one commit.
struct ResultCount {
    std::size_t all = 0;
    std::size_t failed = 0;  ///< that JobFrontEnd::item_failed has been told of
};

/// What a shard needs of a job, and where it reports to. Implemented by Job; a test stands in.
///
/// Threads  `report` and `committed` are called from shards and post to the job's own loop
class JobFrontEnd {
public:
    virtual ~JobFrontEnd() = default;
    [[nodiscard]] virtual const std::string& id() const noexcept = 0;
    [[nodiscard]] virtual const std::string& tenant() const noexcept = 0;
    /// As they were when the job was taken up: what may change since stands in `knobs`.
    [[nodiscard]] virtual const JobOptions& options() const noexcept = 0;
    [[nodiscard]] virtual JobKnobs knobs() const = 0;
    virtual void report(std::size_t shard, RunnerReport report) = 0;
    virtual void committed(Commit commit, ResultCount results) = 0;
    /// An item of a job with an error budget has failed; its result is on its way to the store.
    virtual void item_failed() noexcept = 0;
    /// Whether such a job may have spent its budget: then nothing of it starts until it says so, by
    /// Dispatcher::hold, or ends.
    [[nodiscard]] virtual bool hesitates() noexcept = 0;
    /// The answer to Dispatcher::backlog.
    virtual void backlog(HostBacklog backlog) = 0;
};

class JobRunner;
struct HostQueue;

/// A tenant on a shard, with what it has in flight there; its line are jobs that wait for a
/// connection.
struct ShardTenant : TenantSeat {
    explicit ShardTenant(std::string who) : name{std::move(who)} {}

    std::string name;
    std::size_t runners = 0;
    bool full = false;  ///< it has stored what its quota lets it: nothing of it starts
};

/// A tenant at one host; its line are the queues of its jobs that have items.
struct HostTenant : TenantSeat {
    const ShardTenant* tenant = nullptr;
    std::size_t queues = 0;  ///< that refer to it
};

/// Where a queue stands with its job, as far as was seen when it was last looked at: its host lets
/// somebody start (or nobody has looked yet), has no free slot, or lets nobody start at all. One
/// without items stands nowhere.
enum class queue_place : std::uint8_t { nowhere, ready, full, barred };

/// The items of one job that wait for one host.
struct RunnerQueue : LinePlace {
    using Hook = boost::intrusive::list_member_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

    JobRunner* runner = nullptr;
    HostQueue* host = nullptr;
    HostTenant* tenant = nullptr;  ///< whose turns it takes at the host
    std::deque<PendingItem> items;
    std::size_t in_flight = 0;
    std::size_t aside = 0;  ///< items that wait for their next attempt, or for a robots.txt
    bool in_line = false;
    queue_place place = queue_place::nowhere;
    Hook place_hook;  ///< in its job's list of those that stand there

    /// Nothing of the job is left at this host.
    [[nodiscard]] bool drained() const noexcept {
        return items.empty() && in_flight == 0 && aside == 0;
    }
};

/// Queues of one job that stand in the same place, longest there first.
using QueueList = boost::intrusive::list<
    RunnerQueue,
    boost::intrusive::member_hook<RunnerQueue, RunnerQueue::Hook, &RunnerQueue::place_hook>,
    boost::intrusive::constant_time_size<false>>;

/// One host's budget and the tenants whose jobs wait for it, served in turn.
///
/// Visitors come from items of other hosts (see HostVisitor). Those in line and the queues take
/// turns.
struct HostQueue {
    HostQueue(std::string key, const HostPolicy& policy) : host{std::move(key), policy} {}

    Host host;
    TenantTurns turns;
    std::list<HostTenant> tenants;                         ///< that have queues here
    std::vector<RunnerQueue*> users;                       ///< queues that refer to this host
    Steady::time_point alarm = Steady::time_point::max();  ///< when it is looked at again
    bool remembered = false;                               ///< the store has a record of it
    bool turned_away = false;  ///< queues in its lines stand as full or barred

    std::deque<std::shared_ptr<HostVisitor>> line;
    VisitLine appointments;
    std::size_t visitors = 0;                       ///< in line or inside
    std::map<VisitWish, std::size_t> visit_wishes;  ///< what their jobs ask, and how many do
    Steady::time_point keep_until{};                ///< what is known of it, when nobody is there

    [[nodiscard]] bool deserted() const noexcept {
        return users.empty() && visitors == 0 && host.in_flight() == 0;
    }
};

/// A job's items on a shard that are looked for among the stored copies, before they stand in the
/// queue of their host. One coroutine does it for each job, some items at a time, and holds
/// neither permit nor slot.
struct CopySearch {
    explicit CopySearch(const FetchOptions& job) : digester{job} {}

    RequestDigester digester;
    std::deque<PendingItem> items;
    std::unordered_map<std::uint64_t, HostId> in_hand;  ///< the coroutine's, by index
    boost::asio::cancellation_signal* stop = nullptr;   ///< of the coroutine, while there is one

    [[nodiscard]] bool idle() const noexcept {
        return items.empty() && in_hand.empty() && stop == nullptr;
    }
};

/// One job on one shard: its queues by host, the permits it holds, and what it has to report.
///
/// A permit is the right to have one item in flight; the job leases them out (see Job) and gets
/// back those that nothing here can use.
///
/// Threads  the shard
class JobRunner : public LinePlace {
public:
    JobRunner(std::shared_ptr<JobFrontEnd> job, ShardTenant& whose)
        : tenant{whose},
          knobs{job->knobs()},
          budgeted{job->options().on_error != on_error::go_on},
          job_{std::move(job)} {}

    [[nodiscard]] JobFrontEnd& job() const noexcept { return *job_; }
    [[nodiscard]] const std::shared_ptr<JobFrontEnd>& shared_job() const noexcept { return job_; }
    [[nodiscard]] job_lane lane() const noexcept { return job_->options().lane; }

    /// Whether the next of its items may start, as far as the job is concerned.
    [[nodiscard]] bool may_start() const noexcept { return free_permits > 0 && !suspended(); }
    /// Nothing of it starts for now, and it asks nothing of hosts.
    [[nodiscard]] bool suspended() const noexcept {
        return held || tenant.full || (budgeted && job_->hesitates());
    }
    /// Puts free permits that the job wants back aside for the next report.
    void pay() noexcept {
        const auto paid = std::min(owed, free_permits);
        owed -= paid;
        free_permits -= paid;
        returned += paid;
    }

    ShardTenant& tenant;
    JobKnobs knobs;
    // Permits.
    std::size_t free_permits = 0;
    std::size_t owed = 0;      // the job wants them back as soon as they are free
    std::size_t returned = 0;  // taken out for the next report
    bool held = false;         // the job is paused: nothing starts
    const bool budgeted;       // so many failures end the job
    // Where its items are.
    std::unordered_map<HostQueue*, std::unique_ptr<RunnerQueue>> queues;
    QueueList ready;
    QueueList full;
    QueueList barred;
    std::size_t barred_items = 0;
    std::size_t queued = 0;
    std::size_t in_flight = 0;
    std::size_t waiting = 0;
    // For the next report.
    bool dirty = false;
    bool stopped = false;                ///< the job is being cancelled: nothing of it starts again
    std::optional<WallTime> started_at;  ///< of the first item
    bool starved = false;                ///< it waits for a connection, in its tenant's line
    std::size_t dropped = 0;
    std::vector<ResultToRecord> finished;
    std::uint64_t handed_over = 0;  ///< bytes of those, once they count for its tenant's quota
    // With `dedupe`: items here that have no result yet, and those that will get the same one.
    std::unordered_map<std::uint64_t, std::vector<std::uint64_t>> followers;
    std::unique_ptr<CopySearch> copies;  ///< with `max_age`

    [[nodiscard]] bool idle() const noexcept {
        return queued == 0 && in_flight == 0 && waiting == 0 && finished.empty() &&
               followers.empty() && (!copies || copies->idle());
    }

private:
    std::shared_ptr<JobFrontEnd> job_;
};

}  // namespace fanfetch
