#pragma once

#include "coro/event_loop.hpp"
#include "coro/loop.hpp"

#include <type_traits>
#include <utility>

namespace fanfetch::testing {

/// Runs a test's coroutine on a loop of its own and gives what it returns, or throws what it
/// throws:
///
///     const auto summary = run_coroutine([&](LoopExecutor home) -> awaitable<JobSummary> { ... });
///
/// Tasks the coroutine leaves behind are cancelled and awaited. The loop is gone on return, so
/// assertions belong outside, on what it gives back.
template <class Body>
auto run_coroutine(Body body) {
    EventLoop loop{"test"};
    return loop.run(body(loop.executor()));
}

}  // namespace fanfetch::testing
