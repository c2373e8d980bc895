#pragma once

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace fanfetch::detail {

class ThreadPool;

/// Keeps the process from ending before accepted work has: waits, after main, for pools that were
/// never destroyed and for workers that were let go. A process-wide list, because the end of the
/// process is.
///
/// Threads  any thread
class ExitGate {
public:
    /// The one; made before the first pool, so that pools that are statics end before it.
    [[nodiscard]] static ExitGate& instance();

    ExitGate(const ExitGate&) = delete;
    ExitGate& operator=(const ExitGate&) = delete;
    ~ExitGate();

    void watch(const std::shared_ptr<ThreadPool>& pool);
    void forget(const std::shared_ptr<ThreadPool>& pool) noexcept;
    /// Takes over the duty to join a worker of `pool`, which ends by itself.
    void adopt(std::thread worker, const std::shared_ptr<ThreadPool>& pool);

private:
    struct LetGo {
        std::thread worker;
        std::weak_ptr<ThreadPool> pool;  ///< gone when the worker has given up its share
    };

    ExitGate() = default;

    std::mutex mutex_;
    std::vector<std::weak_ptr<ThreadPool>> pools_;
    std::vector<LetGo> let_go_;
};

}  // namespace fanfetch::detail
