#pragma once

#include "base/byte_size.hpp"
#include "executor/executor.hpp"
#include "executor/thread_pool_executor.hpp"
#include "process/sandbox.hpp"
#include "process/task.hpp"
#include "process/worker.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace fanfetch {

namespace detail {
class ProcessPool;
}

/// What the death of a worker that nobody asked to end means for its pool.
enum class crash_policy {
    break_pool,      ///< everything that is not done fails, and nothing more is accepted
    replace_worker,  ///< what the worker was running fails, another worker goes on
};

/// A registered task and its arguments, to be run in each worker before its first call.
class WorkerInitializer {
public:
    WorkerInitializer() = default;
    template <detail::RemoteTask TaskType, class... Args>
    explicit WorkerInitializer(const TaskType&, const Args&... args)
        : task_{TaskType::remote_name()} {
        TaskType::encode(arguments_, args...);
    }

    [[nodiscard]] const std::string& task() const noexcept { return task_; }
    [[nodiscard]] const std::string& arguments() const noexcept { return arguments_; }

private:
    std::string task_;
    std::string arguments_;
};

struct ProcessPoolOptions {
    std::optional<int> max_workers{};  ///< none: as many as usable CPUs
    fanfetch::crash_policy crash_policy = fanfetch::crash_policy::break_pool;
    /// Workers that die one after the other without a call completed before the pool counts as
    /// broken in spite of replace_worker; none: no number does.
    std::optional<int> crash_loop_limit = 5;
    TimeLimit task_time_limit{};  ///< of one call; calls sent together have the sum of theirs
    std::optional<int> max_tasks_per_child{};  ///< frames after which a worker is replaced
    WorkerInitializer initializer{};
    ByteSize max_frame_bytes{std::uint64_t{64} << 20U};  ///< less than 4 GiB
    std::optional<SandboxOptions> sandbox{};
    std::string program{};  ///< of the workers; empty: this one
    exit_policy at_exit = exit_policy::finish;
};

/// Makes calls in processes of their own, which start on demand and are reused.
///
/// A call is a registered task and arguments that have a codec. Arguments are encoded in submit,
/// results are decoded, and done callbacks called, in one thread of the pool's: a callback that
/// takes long holds up the pool. The destructor is shutdown(wait): it discards nothing.
///
/// Errors   std::invalid_argument for options out of range, and from submit for a call that is no
///          registered task; std::logic_error in a worker, and when `main` never asked
///          run_as_worker. Arguments that cannot be encoded, or make too large a frame, are their
///          future's exception. A task's exception arrives as RemoteError, or as itself when its
///          type is registered; a worker's death as BrokenProcessPool, a time limit as
///          TimeoutError. shutdown(wait) in a done callback throws as it does in a pool's own call
/// Threads  any thread; a callback that destroys the pool lets its thread end by itself
/// Source   CPython 3.13, concurrent.futures.ProcessPoolExecutor; the differences are in README.md
class ProcessPoolExecutor final : public Executor {
public:
    explicit ProcessPoolExecutor(ProcessPoolOptions options = {});
    ~ProcessPoolExecutor() override;

    void shutdown(ShutdownOptions options = {}) override;

    /// Shuts down without waiting, cancels what has not begun and ends what runs, whose futures
    /// fail: asks the workers' process groups to go (SIGTERM, and SIGKILL after a while).
    void terminate_workers();
    /// The same with SIGKILL.
    void kill_workers();

    [[nodiscard]] int max_workers() const noexcept;
    /// Processes that have been started and are not known to have ended.
    [[nodiscard]] int workers() const;
    /// Why the pool is broken; none when it is not.
    [[nodiscard]] std::optional<std::string> broken() const;

protected:
    void enqueue(detail::CallPtr call) override;
    [[nodiscard]] detail::ChunkSink* chunk_sink() noexcept override;

private:
    std::shared_ptr<detail::ProcessPool> pool_;  ///< shared with its thread, which may outlive us
};

}  // namespace fanfetch
