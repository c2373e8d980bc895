#pragma once

#include "future/blocking_watch.hpp"
#include "process/process_pool.hpp"
#include "process/worker_process.hpp"

#include <poll.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace fanfetch::detail {

/// A process pool's thread: starts workers, gives them calls, completes futures, notices deaths.
///
/// It waits for all descriptors at once and for none in particular: what it does for one worker,
/// it does in small pieces. It starts the workers itself, because the kernel ties their lives to
/// the thread that started them.
///
/// Threads  its own
class PoolManager final : private BlockingWatch {
public:
    explicit PoolManager(ProcessPool& pool);
    ~PoolManager() override;

    /// Returns when the pool has been shut down or is broken, and every worker has been reaped.
    void run() noexcept;

    /// The pool whose manager the calling thread is; null elsewhere.
    [[nodiscard]] static const ProcessPool* current() noexcept;

private:
    using Worker = WorkerProcess;
    using Calls = std::vector<CallPtr>;

    [[nodiscard]] bool step();
    void send_signal(int signal);
    void start_workers(std::size_t queued);
    [[nodiscard]] bool start_worker();
    void hand_out();
    void hand_to(Worker& worker, CallBundle bundle);
    void dismiss_idle();
    void wait();
    void serve();
    void serve_socket(Worker& worker, short events);
    void receive(Worker& worker, int rounds);
    void handle(Worker& worker, const Frame& frame);
    void deliver(Worker& worker, std::string_view payload);
    void frame_done(Worker& worker);
    void look_at_clock();
    void dismiss(Worker& worker);
    void kill(Worker& worker, const std::string& why);
    void bury(std::size_t index);
    void crashed(const std::string& how, const Calls& calls);
    void break_pool(const std::string& why);
    [[nodiscard]] std::size_t count(Worker::phase state) const noexcept;

    // A wait, in a callback, for a call of this pool would be for ever: we complete them.
    void begins(const FutureState* state, bool limited) override;
    void ends() noexcept override {}

    ProcessPool& pool_;
    BlockingWatch* watch_before_;
    const ProcessPool* pool_before_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<pollfd> polled_;  ///< the pool's wake, then two for each worker
    bool ending_ = false;
    bool broken_ = false;
    int started_ = 0;
    int deaths_in_a_row_ = 0;
    std::uint64_t next_call_ = 0;
};

}  // namespace fanfetch::detail
