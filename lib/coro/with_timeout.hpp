#pragma once

#include "base/time.hpp"
#include "coro/await_future.hpp"
#include "coro/child.hpp"
#include "coro/deadline_wheel.hpp"
#include "coro/loop.hpp"
#include "coro/named_body.hpp"
#include "coro/spawn.hpp"
#include "future/time_limit.hpp"

#include <boost/asio/this_coro.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>

namespace fanfetch {

/// The time limit of the work inside one `with_timeout`, for a body that wants to look at it or
/// move it.
///
/// Errors   InvalidStateError from `reschedule` after the limit has passed or the body has ended
/// Threads  the loop
class TimeoutScope final : DeadlineEntry {
public:
    TimeoutScope(DeadlineWheel& wheel, CancelSource& body, Deadline deadline);

    /// When it will pass; none: never.
    [[nodiscard]] Deadline when() const noexcept { return deadline_; }
    /// Whether it has passed, and the body was asked to stop.
    [[nodiscard]] bool expired() const noexcept { return expired_; }
    void reschedule(Deadline deadline);

private:
    template <class>
    friend class TimedRun;

    enum class phase : std::uint8_t { starting, active, over };

    /// Begins to count, once the body runs; a deadline that is not in the future passes here.
    void open();
    void close() noexcept;
    void expire() noexcept override;
    void watch();

    DeadlineWheel& wheel_;
    CancelSource& body_;
    Deadline deadline_;
    phase phase_ = phase::starting;
    bool expired_ = false;
};

/// Runs one body under a time limit.
///
/// Threads  the loop
template <class T>
class TimedRun final : public InnerRun<T> {
public:
    TimedRun(LoopState& loop, Deadline deadline, outside_cancel outside = outside_cancel::forwarded)
        : InnerRun<T>{loop, outside}, scope_{loop.deadlines(), this->cancel(), deadline} {}

    [[nodiscard]] TimeoutScope& scope() noexcept { return scope_; }

    /// The body's value, or throws what it threw; TimeoutError instead of the cancellation that
    /// the limit, and nobody else, asked for.
    [[nodiscard]] T outcome() {
        auto& result = this->result();
        if (result.cancelled() && scope_.expired() && !this->cancelled_from_outside()) {
            throw TimeoutError{};
        }
        if constexpr (std::is_void_v<T>) {
            std::move(result).value();
        } else {
            return std::move(result).value();
        }
    }

private:
    void body_started() override { scope_.open(); }
    void body_ended() noexcept override { scope_.close(); }

    TimeoutScope scope_;
};

namespace detail {

template <class Body>
awaitable<BodyValue<Body, TimeoutScope>> run_until(Deadline deadline, Body& body) {
    using Value = BodyValue<Body, TimeoutScope>;
    TimedRun<Value> run{loop_state(co_await boost::asio::this_coro::executor), deadline};
    auto work = call_body(body, run.scope());
    co_await run.finish(std::move(work));
    co_return run.outcome();
}

/// As run_until, for work that exists already.
template <class T>
awaitable<T> finish_until(Deadline deadline, awaitable<T> work) {
    TimedRun<T> run{loop_state(co_await boost::asio::this_coro::executor), deadline};
    co_await run.finish(std::move(work));
    co_return run.outcome();
}

template <class T>
awaitable<T> start_unless_late(awaitable<T> work, TimeLimit limit) {
    const auto deadline = limit.deadline();
    if (passed(deadline)) {
        throw TimeoutError{};
    }
    co_return co_await finish_until(deadline, std::move(work));
}

}  // namespace detail

/// Runs `body` until it ends or `limit` passes: `co_await with_timeout(5s, body)`. The body may
/// take a TimeoutScope&.
///
/// When the limit passes, the body is cancelled once, and TimeoutError is thrown when it has
/// really ended. A zero or past limit passes at the body's first suspension; without a limit
/// (nullopt) it never does. A body that ends with a value in spite of the request gives that value.
/// The limit counts from this call; a pending deadline costs a list node, not a timer.
///
/// Errors   TimeoutError for its own expiry only: a cancellation from outside stays CancelledError,
///          also when both happened; what else the body throws passes unchanged
template <class Body>
    requires NamedBody<Body>
[[nodiscard]] auto with_timeout(TimeLimit limit, Body&& body) {
    return detail::run_until(limit.deadline(), body);
}

/// The same with the moment itself, for limits that cover several steps.
template <class Body>
    requires NamedBody<Body>
[[nodiscard]] auto with_deadline(Deadline deadline, Body&& body) {
    return detail::run_until(deadline, body);
}

/// Waits for `work` for at most `limit`, then cancels it and throws TimeoutError when it has ended.
/// With no time left it is not started.
///
/// Errors   as with_timeout
template <class T>
[[nodiscard]] awaitable<T> wait_for(awaitable<T> work, TimeLimit limit) {
    return detail::start_unless_late(std::move(work), limit);
}

/// The same for a task; one that is done gives its outcome, whatever the limit.
template <class T>
[[nodiscard]] awaitable<T> wait_for(const Task<T>& task, TimeLimit limit) {
    constexpr bool take = !std::is_copy_constructible_v<T>;
    return detail::finish_until(limit.deadline(), detail::join_task<T>(task.share(), take));
}

/// The same for a future. If its work is running already, that runs on, unobserved.
template <class T>
[[nodiscard]] awaitable<T> wait_for(Future<T>&& future, TimeLimit limit) {
    return detail::finish_until(limit.deadline(), await_future(std::move(future)));
}
template <class T>
[[nodiscard]] awaitable<T> wait_for(const Future<T>& future, TimeLimit limit) {
    return detail::finish_until(limit.deadline(), await_future(future));
}

}  // namespace fanfetch
