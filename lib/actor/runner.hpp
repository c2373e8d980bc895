#pragma once

#include "actor/cell.hpp"
#include "coro/loop.hpp"
#include "executor/executor.hpp"

namespace fanfetch::detail {

/// Where cells run: one executor. The cell itself sees to it that it runs at one place at a time.
///
/// Errors   what the executor throws when it takes no work
/// Threads  any thread
class Runner {
public:
    Runner() = default;
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;
    virtual ~Runner() = default;

    /// Calls `cell->run()` later, never inside this call.
    virtual void run_soon(CellPtr cell) = 0;
};

/// Runs cells as calls of a pool.
class PoolRunner final : public Runner {
public:
    explicit PoolRunner(Executor& pool) : pool_{pool} {}
    void run_soon(CellPtr cell) override;

private:
    Executor& pool_;
};

/// Runs cells in turns of a loop.
class LoopRunner final : public Runner {
public:
    explicit LoopRunner(LoopExecutor loop) : loop_{std::move(loop)} {}
    void run_soon(CellPtr cell) override;

private:
    LoopExecutor loop_;
};

}  // namespace fanfetch::detail
