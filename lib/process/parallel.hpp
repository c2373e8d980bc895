#pragma once

#include "process/process_pool_executor.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace fanfetch {

struct ParallelOptions {
    bool in_thread = false;  ///< a thread for each call instead of a process
    std::optional<int>
        max_running{};  ///< calls at a time, more queue; none: as many as usable CPUs
};

/// A function whose calls return at once, with a future of what it will return.
///
/// Copies share the bound on what runs at a time; the last of them waits, when it is destroyed, for
/// the calls it was used for.
///
/// Errors   as the results of ThreadPoolExecutor and, for calls in processes, of
///          ProcessPoolExecutor: a crash fails its own call and no other
/// Threads  any thread
template <class Fn>
class Parallel {
public:
    Parallel(Fn fn, const ParallelOptions& options)
        : fn_{std::move(fn)}, executor_{make_executor(options)} {}

    template <class... Args>
    auto operator()(Args&&... args) const {
        return executor_->submit(fn_, std::forward<Args>(args)...);
    }

private:
    static std::shared_ptr<Executor> make_executor(const ParallelOptions& options) {
        const int bound = options.max_running.value_or(usable_cpus());
        if (options.in_thread) {
            return std::make_shared<ThreadPoolExecutor>(ThreadPoolOptions{.max_workers = bound});
        }
        if constexpr (detail::RemoteTask<Fn>) {
            return std::make_shared<ProcessPoolExecutor>(ProcessPoolOptions{
                .max_workers = bound,
                .crash_policy = crash_policy::replace_worker,
                .crash_loop_limit = std::nullopt,  // crashes are each call's own affair
                .max_tasks_per_child = 1});
        } else {
            throw std::invalid_argument{"parallel calls in processes of no registered task"};
        }
    }

    Fn fn_;
    std::shared_ptr<Executor> executor_;
};

/// Makes `fn` such a function: `auto hash = parallel(sha256_task); auto a = hash(x), b = hash(y);`
/// runs both at once, each in a new process of its own. With `in_thread`, any callable will do.
template <class Fn>
[[nodiscard]] Parallel<Fn> parallel(Fn fn, const ParallelOptions& options = {}) {
    return Parallel<Fn>{std::move(fn), options};
}

}  // namespace fanfetch
