#pragma once

#include "base/log.hpp"
#include "batch/rate_meter.hpp"
#include "coro/loop.hpp"
#include "executor/executor.hpp"
#include "future/promise.hpp"
#include "job/error_budget.hpp"
#include "job/job_runner.hpp"
#include "job/job_snapshot.hpp"
#include "job/live_counts.hpp"
#include "job/passed_hosts.hpp"
#include "job/wait_condition.hpp"
#include "job/window.hpp"
#include "model/job_patch.hpp"
#include "model/rerun.hpp"
#include "store/job_store.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/dispatch.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// How a job is stopped before its end.
enum class cancel_mode : std::uint8_t { abort, drain };

/// What a call to cancel did.
struct CancelAnswer {
    job_state state = job_state::cancelling;
    std::uint64_t cancelled = 0;     ///< items this call cancels
    std::uint64_t left_running = 0;  ///< items that run to their end
};

/// One job that is not done: its state, its window of items in memory, who waits for it.
///
/// An actor: everything private is touched on the loop given at construction alone, and outsiders
/// reach it by the members marked "any thread", which post there. The store is the truth; the job
/// counts a result when its commit is reported, never before.
///
/// Permits: a job may have `options.concurrency` items in flight. It leases that many permits to
/// the shards, as many as they have items for, and gets back what they cannot use.
class Job final : public JobFrontEnd, public std::enable_shared_from_this<Job> {
public:
    /// What a job works with; all of it outlives the job.
    struct Parts {
        explicit Parts(LoopExecutor executor) : loop{executor} {}

        LoopExecutor loop;
        JobStore* store = nullptr;
        Executor* blocking = nullptr;  ///< reads windows
        const Clock* clock = nullptr;
        Logger* log = nullptr;
        std::size_t shards = 1;
        /// Hands items and permits to a shard; called on this job's loop.
        std::function<void(
            std::size_t shard, std::shared_ptr<JobFrontEnd>, std::vector<Item>, std::size_t permits
        )>
            give;
        /// Has a shard tell the job what it has of each host, by JobFrontEnd::backlog.
        std::function<void(std::size_t shard, std::shared_ptr<JobFrontEnd>)> ask_backlog;
        /// Has a shard start nothing of the job, or go on with it.
        std::function<void(std::size_t shard, std::string job_id, bool held)> hold;
        /// Tells a shard what the job asks for now, and how many permits it wants back.
        std::function<
            void(std::size_t shard, std::string job_id, JobKnobs knobs, std::size_t take_back)>
            change;
        /// Takes back what a shard has queued.
        std::function<void(std::size_t shard, std::string job_id, bool abort)> drop;
        /// The job is done: it may be forgotten.
        std::function<void(const Job& job)> ended;
        std::shared_ptr<LiveCounts> live;
    };

    Job(Parts parts, JobRecord record);

    // Any thread.
    [[nodiscard]] const std::string& id() const noexcept override { return id_; }
    [[nodiscard]] const std::string& tenant() const noexcept override { return tenant_; }
    [[nodiscard]] const JobOptions& options() const noexcept override { return options_; }
    /// Those it was created with; empty when it was taken up.
    [[nodiscard]] const std::vector<CallbackRecord>& callbacks() const noexcept {
        return callbacks_;
    }
    [[nodiscard]] JobKnobs knobs() const override;
    [[nodiscard]] JobSnapshotPtr snapshot() const;
    /// Whether it has come to its end and takes no part in anything any more.
    [[nodiscard]] bool over() const noexcept { return over_.load(std::memory_order_acquire); }
    void report(std::size_t shard, RunnerReport report) override;
    void committed(Commit commit, ResultCount results) override;
    void item_failed() noexcept override;
    [[nodiscard]] bool hesitates() noexcept override;
    void backlog(HostBacklog backlog) override;

    /// A new job begins to live: its deadline counts from its creation.
    void begin();
    /// Whether the window would take items that are being appended, to spare reading them back.
    [[nodiscard]] bool hungry() const noexcept { return hungry_.load(std::memory_order_relaxed); }
    /// Items that are on their way into the store, in order; empty when nobody kept a copy. With
    /// `start_now` fetching begins before their commit: right for a gather of safe methods, whose
    /// results are committed after them in any case.
    void appending(std::vector<Item> items, bool start_now);
    /// The store has what `appending` announced.
    void appended(Commit commit);
    /// No more items will come, and the store knows.
    void sealed();
    /// Its first items are there, and more may be appended: the store knows.
    void opened();
    /// The store has items that were appended to the open job.
    void grown(Commit commit);
    /// Makes room for items that are about to be appended; false when there would be too many.
    /// `release` gives back what was not appended.
    [[nodiscard]] bool reserve(std::uint64_t count, std::uint64_t most) noexcept;
    void release(std::uint64_t count) noexcept;
    /// Stops its timers; the loop is about to end.
    void rest();
    /// Takes up a job found in the store at start.
    void take_up();
    /// Done when the condition holds; cancel it to stop waiting.
    [[nodiscard]] Future<JobSnapshotPtr> when(WaitCondition condition);
    /// Done when the wish to cancel is durable.
    [[nodiscard]] Future<Expected<CancelAnswer>> cancel(cancel_mode mode, state_reason reason);

    // Each is done when what it did is durable, and then shows the job. Errors: job_done,
    // job_cancelling, and what the store says.

    /// Starts nothing more until `resume`; what is in flight ends. Both may be repeated.
    [[nodiscard]] Future<Expected<JobSnapshotPtr>> pause();
    [[nodiscard]] Future<Expected<JobSnapshotPtr>> resume();
    [[nodiscard]] Future<Expected<JobSnapshotPtr>> change(JobPatch patch);
    /// Closes an open job. May be repeated, also when the job is done. Errors: job_uploading.
    [[nodiscard]] Future<Expected<JobSnapshotPtr>> close();
    /// For a done job that nobody works on: has selected items run again, and takes it up when
    /// there are any. Without a selection it goes on with what a crash interrupted.
    [[nodiscard]] Future<Expected<JobSnapshotPtr>> rerun(std::optional<RerunSelection> selection);

private:
    using LoopTimer =
        boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>;

    struct Waiter {
        WaitCondition condition;
        Promise<JobSnapshotPtr> promise;
    };
    struct ShardPart {
        std::size_t permits = 0;  ///< leased to it, in flight or not
        std::size_t startable = 0;
        std::uint64_t in_flight = 0;
        std::uint64_t waiting = 0;
    };

    template <class Work>
    void on_loop(Work work);

    void on_report(std::size_t shard, RunnerReport report);
    void on_committed(Commit commit, ResultCount results);
    [[nodiscard]] std::uint64_t failures_left() const noexcept;
    [[nodiscard]] bool judge_failures(std::size_t failed);
    void on_cancel(cancel_mode mode, state_reason reason, Promise<Expected<CancelAnswer>> answer);

    using Answer = Promise<Expected<JobSnapshotPtr>>;
    template <class Work>
    [[nodiscard]] Future<Expected<JobSnapshotPtr>> ask(Work work);
    void answer_when_durable(Future<Expected<void>> written, Answer answer);
    [[nodiscard]] std::optional<Failure> refusal() const;
    void on_pause(bool pause, Answer answer);
    void on_change(const JobPatch& patch, Answer answer);
    void on_close(Answer answer);
    void on_rerun(std::optional<RerunSelection> selection, Answer answer);
    void on_put_back(Expected<std::uint64_t> put_back, Answer answer);
    void on_reread(JobRecord record, Answer answer);
    void set_concurrency(int concurrency, std::vector<std::size_t>& take_back);
    void get_back(std::size_t permits) noexcept;
    void go_on();

    void load_more();
    void on_loaded(Expected<ItemsFound> found);
    void read_failed(const Failure& why);
    void window_grew();
    void take_appended(std::vector<Item> items);
    [[nodiscard]] bool must_look_ahead() const noexcept;
    void consider_looking_ahead();
    void ask_for_backlog();
    void look_ahead();
    void on_found(ItemsFound found, PassedHosts passed, bool back);
    void hand_out();
    void lease_to_the_hungry();
    void start(WallTime at);
    void apply(const Commit& commit);
    void check_end();
    void completed(WallTime at);
    void finish(job_state state, state_reason reason);
    void cancel_the_rest();
    void ended();
    void arm_deadline();
    void changed();
    void publish();
    void publish_if_stale();
    void wake_waiters();
    [[nodiscard]] JobSnapshotPtr make_snapshot() const;
    void count_me();
    [[nodiscard]] std::uint64_t in_flight() const noexcept;
    [[nodiscard]] bool stopping() const noexcept {
        return record_.state == job_state::cancelling || is_done(record_.state);
    }
    /// Nothing is to start now, but may later.
    [[nodiscard]] bool held() const noexcept {
        return record_.state == job_state::paused || record_.rerunning;
    }

    const std::string id_;
    const std::string tenant_;
    const JobOptions options_;
    const std::vector<CallbackRecord> callbacks_;
    Parts parts_;
    JobRecord record_;
    Window window_;
    std::vector<ShardPart> shards_;
    std::size_t free_permits_;
    std::size_t debt_ = 0;           ///< permits that are withdrawn as soon as they come back
    bool ttl_changed_ = false;       ///< since the shards were given what a completion needs
    std::uint64_t uncommitted_ = 0;  ///< finished on a shard, not yet durable
    std::deque<std::vector<Item>> announced_;  ///< being appended, in order
    bool loading_ = false;     ///< a read of the store is under way, or will be in a moment
    bool unreadable_ = false;  ///< what comes next in the store is damaged
    LoopTimer read_timer_;
    bool ending_ = false;  ///< its end is on its way into the store
    job_state end_state_ = job_state::cancelled;
    static constexpr std::chrono::milliseconds shortest_look_pause{1};
    PassedHosts passed_;
    HostBacklog backlog_;               // as far as the shards have answered
    std::size_t awaited_backlogs_ = 0;  // shards that have not
    bool look_armed_ = false;
    bool looking_ = false;
    std::chrono::milliseconds look_pause_{32};  // hosts may catch up; then nobody need look
    LoopTimer look_timer_;
    bool resting_ = false;
    std::vector<Waiter> waiters_;
    LoopTimer deadline_;
    LoopTimer publish_timer_;
    bool publish_armed_ = false;
    Steady::time_point last_publish_{};
    RateMeter rate_;
    std::atomic<bool> hungry_{true};
    std::atomic<bool> over_{false};
    std::atomic<std::uint64_t> reserved_;  ///< items it has or is about to get
    EndedItems ended_before_;  ///< this run, when it is not the first: those do not count again
    FailureAllowance allowance_;

    mutable std::mutex published_mutex_;  // guards the next two, held for a copy
    JobKnobs knobs_;
    JobSnapshotPtr published_;
    LiveCounts::Share share_;
    std::uint64_t version_ = 0;
};

template <class Work>
void Job::on_loop(Work work) {
    boost::asio::dispatch(
        parts_.loop, [self = shared_from_this(), work = std::move(work)]() mutable { work(*self); }
    );
}

}  // namespace fanfetch
