#pragma once

#include "coro/loop.hpp"
#include "coro/named_body.hpp"
#include "coro/spawn.hpp"
#include "coro/with_timeout.hpp"

#include <boost/asio/this_coro.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace fanfetch {

namespace detail {

template <class T>
awaitable<T> shield_task(std::shared_ptr<TaskState<T>> task, bool take) {
    if (!task->done()) {
        co_await await_end_shielded(*task);
    }
    co_return outcome_of(*task, take);
}

template <class T>
awaitable<T> shield_work(awaitable<T> work) {
    auto task = spawn(co_await boost::asio::this_coro::executor, std::move(work));
    co_return co_await shield_task<T>(task.share(), true);
}

/// Runs `work` out, whatever is asked of the caller meanwhile.
template <class T>
awaitable<T> run_undisturbed(awaitable<T> work, TimeLimit limit) {
    namespace this_coro = boost::asio::this_coro;
    TimedRun<T> run{
        loop_state(co_await this_coro::executor), limit.deadline(), outside_cancel::kept_out};
    co_await run.finish(std::move(work));
    co_return run.outcome();
}

template <class Body, class Cleanup>
awaitable<typename std::invoke_result_t<Body&>::value_type> run_then_clean_up(
    Body& body, TimeLimit limit, Cleanup& cleanup
) {
    namespace this_coro = boost::asio::this_coro;
    using Value = typename std::invoke_result_t<Body&>::value_type;
    Result<Value> result;
    try {
        if constexpr (std::is_void_v<Value>) {
            co_await body();
            result.set_value();
        } else {
            result.set_value(co_await body());
        }
    } catch (...) {
        result.set_exception(std::current_exception(), false);
    }
    // Asio throws at every await of a coroutine that was asked to stop, so also at this one.
    const bool threw = co_await this_coro::throw_if_cancelled();
    co_await this_coro::throw_if_cancelled(false);
    std::exception_ptr error;
    try {
        auto work = cleanup();
        co_await run_undisturbed(std::move(work), limit);
    } catch (...) {
        error = std::current_exception();
    }
    co_await this_coro::throw_if_cancelled(threw);
    if (error && !result.has_value()) {
        report_error("cleaning up after a failure", error);
    } else if (error) {
        std::rethrow_exception(error);
    }
    if constexpr (std::is_void_v<Value>) {
        std::move(result).value();
    } else {
        co_return std::move(result).value();
    }
}

}  // namespace detail

/// Waits for a task without passing cancellation on: the caller gets CancelledError at once and
/// the task runs on. Its own outcome, its cancellation included, comes through.
///
/// Errors   what the task throws; CancelledError
/// Source   CPython 3.13, asyncio.shield
template <class T>
[[nodiscard]] awaitable<T> shield(const Task<T>& task) {
    return detail::shield_task<T>(task.share(), !std::is_copy_constructible_v<T>);
}
/// The same for a coroutine, which becomes a task that keeps itself alive.
template <class T>
[[nodiscard]] awaitable<T> shield(awaitable<T> work) {
    return detail::shield_work(std::move(work));
}

/// Runs `body`, then `cleanup`, which awaits too and is neither skipped nor disturbed by
/// cancellation: `co_await with_cleanup(work, 5s, give_back_lease)`. The limit is the clean-up's.
///
/// A cancellation that comes during the clean-up shows at the caller's next await.
///
/// Errors   what the body throws; else what the clean-up throws, TimeoutError for its limit. If
///          both throw, the clean-up's goes to the error logger
template <class Body, class Cleanup>
    requires NamedBody<Body> && NamedBody<Cleanup>
[[nodiscard]] auto with_cleanup(Body&& body, TimeLimit limit, Cleanup&& cleanup) {
    return detail::run_then_clean_up(body, limit, cleanup);
}

}  // namespace fanfetch
