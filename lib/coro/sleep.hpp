#pragma once

#include "base/time.hpp"
#include "coro/loop.hpp"
#include "future/time_limit.hpp"

namespace fanfetch {

/// Suspends until `when` or a little later, never less; a moment in the past gives way once, as
/// `yield_now`. Periodic work that sleeps until `start + n * period` does not drift.
///
/// Errors   CancelledError
[[nodiscard]] awaitable<> sleep_until(Steady::time_point when);

/// Suspends for at least `pause`, counted from the call; without one (nullopt) until cancelled.
///
/// Errors   CancelledError
[[nodiscard]] awaitable<> sleep(TimeLimit pause);

/// Gives one turn to everything that is ready.
///
/// Errors   CancelledError
[[nodiscard]] awaitable<> yield_now();

}  // namespace fanfetch
