#pragma once

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace fanfetch::detail {

/// An executor's inside, which may be left over when main has returned.
class Leftover {
public:
    virtual ~Leftover() = default;
    /// The process is about to end and nobody has destroyed the executor.
    virtual void end_of_program() noexcept = 0;
};

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

    void watch(const std::shared_ptr<Leftover>& pool);
    void forget(const std::shared_ptr<Leftover>& pool) noexcept;
    /// Takes over the duty to join a thread of `pool`, which ends by itself.
    void adopt(std::thread worker, const std::shared_ptr<Leftover>& pool);

private:
    struct LetGo {
        std::thread worker;
        std::weak_ptr<Leftover> pool;  ///< gone when the worker has given up its share
    };

    ExitGate() = default;

    std::mutex mutex_;
    std::vector<std::weak_ptr<Leftover>> pools_;
    std::vector<LetGo> let_go_;
};

}  // namespace fanfetch::detail
