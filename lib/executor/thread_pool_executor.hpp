#pragma once

#include "executor/executor.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace fanfetch {

namespace detail {
class ThreadPool;
}

/// What becomes of accepted work when the program ends with its pool never destroyed.
enum class exit_policy {
    finish,   ///< main returns, the process waits for it
    abandon,  ///< what has not begun is cancelled, what runs is cut off
};

struct ThreadPoolOptions {
    std::optional<int> max_workers{};     ///< none: min(32, usable CPUs + 4)
    std::string name_prefix{};            ///< empty: one of its own for every pool
    std::function<void()> initializer{};  ///< called in each worker before its first call
    exit_policy at_exit = exit_policy::finish;
    /// How a thread is made; none: std::thread. For tests of a system that refuses. It is called
    /// under the pool's lock and does nothing but make a thread, or throw std::system_error.
    std::thread (*start_thread)(std::function<void()> body) = nullptr;
};

/// Makes calls on threads of its own, which start on demand and are reused.
///
/// Calls begin in the order they were submitted. The destructor is shutdown(wait): it discards
/// nothing. A call that waits for another call of the same pool while no worker is left to make
/// that one is a deadlock; a result() without a limit that would complete it throws
/// std::system_error(resource_deadlock_would_occur) instead.
///
/// Errors   std::invalid_argument when max_workers is below 1. An initializer that throws breaks
///          the pool: what is queued and what comes later fails with BrokenThreadPool. When the
///          system refuses the first thread, submit throws Error; later ones are done without
/// Threads  any thread; a worker that destroys its own pool is let go and ends by itself
/// Source   CPython 3.13, concurrent.futures.ThreadPoolExecutor
class ThreadPoolExecutor final : public Executor {
public:
    explicit ThreadPoolExecutor(ThreadPoolOptions options = {});
    ~ThreadPoolExecutor() override;

    void shutdown(ShutdownOptions options = {}) override;

    [[nodiscard]] int max_workers() const noexcept;
    /// Threads that have been started and have not ended.
    [[nodiscard]] int workers() const;
    /// Those of them that wait for a call.
    [[nodiscard]] int idle_workers() const;

protected:
    void enqueue(detail::CallPtr call) override;

private:
    std::shared_ptr<detail::ThreadPool> pool_;  ///< shared with the workers, which may outlive us
};

/// The CPUs this process may run on: its affinity mask.
///
/// Source  sched_getaffinity(2)
[[nodiscard]] int usable_cpus();

/// The calling thread's name in full; the kernel keeps 15 bytes of it.
[[nodiscard]] std::string this_thread_name();

}  // namespace fanfetch
