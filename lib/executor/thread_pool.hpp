#pragma once

#include "executor/exit_gate.hpp"
#include "executor/queued_call.hpp"
#include "executor/thread_pool_executor.hpp"
#include "future/blocking_watch.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace fanfetch::detail {

/// What a ThreadPoolExecutor and its workers share: the queue, and who is idle.
///
/// A submit that finds an idle worker earmarks it: `idle_` goes down and `wakes_` up in the same
/// critical section, so the next submit counts right even before the worker has woken. No user
/// code, destructors included, runs under `mutex_`.
///
/// Threads  any thread
class ThreadPool final : public Leftover, public std::enable_shared_from_this<ThreadPool> {
public:
    explicit ThreadPool(ThreadPoolOptions options);
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    ~ThreadPool() override = default;

    void enqueue(CallPtr call);
    void shutdown(const ShutdownOptions& options);
    /// The executor's destructor: as shutdown(wait), but in one of our workers that worker is let
    /// go instead of joined.
    void release() noexcept;
    void end_of_program() noexcept override;

    [[nodiscard]] int max_workers() const noexcept { return max_workers_; }
    [[nodiscard]] int workers() const;
    [[nodiscard]] int idle_workers() const;

private:
    class Worker;

    void start_worker();
    void worker_main(const std::string& name);
    bool initialise() noexcept;
    void make_calls();
    [[nodiscard]] CallPtr next_call();
    void break_pool() noexcept;
    void begin_shutdown(bool cancel_futures) noexcept;
    void join_workers() noexcept;
    [[nodiscard]] bool ending() const noexcept { return shutting_down_ || broken_; }
    [[nodiscard]] bool all_stuck() const noexcept;

    const ThreadPoolOptions options_;
    const int max_workers_;

    mutable std::mutex mutex_;  ///< guards everything below
    std::condition_variable work_;
    CallQueue queue_;
    int idle_ = 0;   ///< asleep and not earmarked
    int wakes_ = 0;  ///< earmarked, about to wake
    int live_ = 0;   ///< started and not ended
    int started_ = 0;
    bool shutting_down_ = false;
    bool broken_ = false;
    std::vector<std::thread> threads_;
    int joining_ = 0;  ///< threads that are in join_workers with threads of ours in hand
    std::condition_variable joined_;
    std::vector<const FutureState*> waited_for_;  ///< by our workers, without limit, of our calls
};

}  // namespace fanfetch::detail
