#pragma once

#include "executor/chunk.hpp"
#include "executor/exit_gate.hpp"
#include "process/descriptor.hpp"
#include "process/messages.hpp"
#include "process/process_pool_executor.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace fanfetch::detail {

/// Calls that go to a worker in one frame.
struct CallBundle {
    std::vector<CallPtr> calls;
    CallsFrame frame;
};

/// What a ProcessPoolExecutor and its manager thread share: the queue, and what was asked for.
///
/// Calls are encoded before they are queued, in the thread that submits. No user code, destructors
/// included, runs under `mutex_`.
///
/// Threads  any thread; the members for the manager are for it alone
class ProcessPool final : public Leftover,
                          public ChunkSink,
                          public std::enable_shared_from_this<ProcessPool> {
public:
    explicit ProcessPool(ProcessPoolOptions options);
    ProcessPool(const ProcessPool&) = delete;
    ProcessPool& operator=(const ProcessPool&) = delete;
    ~ProcessPool() override = default;

    void enqueue(CallPtr call);
    void enqueue_chunk(CallQueue& calls) override;
    void shutdown(const ShutdownOptions& options);
    void end_workers(int signal);
    void release() noexcept;
    void end_of_program() noexcept override;

    [[nodiscard]] int max_workers() const noexcept { return max_workers_; }
    [[nodiscard]] int workers() const noexcept { return workers_; }
    [[nodiscard]] std::optional<std::string> broken() const;

    // For the manager.

    struct Orders {
        bool ending = false;          ///< nothing more will be queued
        std::size_t queued = 0;       ///< bundles
        std::optional<int> signal{};  ///< to send to all workers; given once
    };
    [[nodiscard]] Orders take_orders();
    [[nodiscard]] std::size_t queued() const;
    [[nodiscard]] std::optional<CallBundle> next_bundle();
    /// Nothing more is accepted; gives what is queued.
    [[nodiscard]] std::deque<CallBundle> break_with(const std::string& why);
    void count_workers(std::size_t number) noexcept { workers_ = static_cast<int>(number); }
    [[nodiscard]] const ProcessPoolOptions& options() const noexcept { return options_; }
    [[nodiscard]] std::size_t longest_payload() const noexcept {
        return static_cast<std::size_t>(options_.max_frame_bytes.bytes);
    }
    /// Readable after something was queued or asked for, until `take_orders`.
    [[nodiscard]] int wake_descriptor() const noexcept { return wake_.get(); }

private:
    void queue(std::vector<CallBundle>& bundles);
    void start_manager();
    void wake_manager() noexcept;
    void begin_shutdown(bool cancel_futures, std::optional<int> signal) noexcept;
    void join_manager() noexcept;
    [[nodiscard]] bool in_manager() const noexcept;

    const ProcessPoolOptions options_;
    const int max_workers_;
    const Descriptor wake_;
    std::atomic<bool> wake_sent_ = false;
    std::atomic<int> workers_ = 0;

    mutable std::mutex mutex_;  ///< guards everything below
    std::deque<CallBundle> queue_;
    bool shutting_down_ = false;
    std::optional<int> signal_;
    std::optional<std::string> broken_;
    std::thread manager_;
    int joining_ = 0;  ///< threads that are in join_manager
    std::condition_variable joined_;
};

}  // namespace fanfetch::detail
