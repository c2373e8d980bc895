#pragma once

#include "base/time.hpp"
#include "coro/loop.hpp"

#include <boost/asio/basic_waitable_timer.hpp>

namespace fanfetch {

/// Where one coroutine waits until somebody on its loop wakes it, or until a time has come.
///
/// Waking without a waiter is forgotten, so look at the condition before every wait; nothing can
/// come between the two on a loop.
///
/// Threads  the loop
class Wakeup {
public:
    explicit Wakeup(LoopExecutor loop) : timer_{loop} {}

    void wake() { timer_.cancel(); }

    /// Errors  system_error, operation_aborted, when the coroutine is cancelled
    awaitable<> wait_until(Steady::time_point latest);

private:
    boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>
        timer_;
};

/// After an operation that failed: throws system_error, operation_aborted, when it did so because
/// the calling coroutine was cancelled.
awaitable<> rethrow_cancellation();

}  // namespace fanfetch
