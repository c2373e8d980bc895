#pragma once

#include "coro/await_future.hpp"
#include "coro/loop.hpp"
#include "executor/executor.hpp"

#include <utility>

namespace fanfetch {

/// Runs a blocking call in a pool and goes on on the coroutine's own loop, never in the worker.
/// `fn` and its arguments are moved or copied into the call.
///
/// Cancelling the coroutine keeps the call from starting if it is still queued; if it is running,
/// the coroutine goes on at once and the result is dropped. What a running call refers to must
/// therefore outlive it: the pool ends before what its work uses.
///
/// Errors   what `fn` throws; CancelledError; ExecutorShutdown or BrokenExecutor from the pool
template <class Fn, class... Args>
[[nodiscard]] auto run_in_executor(Executor& pool, Fn fn, Args... args)
    -> awaitable<typename decltype(pool.submit(std::move(fn), std::move(args)...))::value_type> {
    auto future = pool.submit(std::move(fn), std::move(args)...);
    co_return co_await await_future(std::move(future));
}

}  // namespace fanfetch
