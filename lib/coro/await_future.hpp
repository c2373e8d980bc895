#pragma once

#include "coro/loop.hpp"
#include "future/future.hpp"

#include <type_traits>
#include <utility>

namespace fanfetch {

namespace detail {

/// Suspends until the future is done, however that comes about.
[[nodiscard]] awaitable<> await_done(AnyFuture future);

template <class T>
awaitable<T> take_when_done(Future<T> future) {
    if (!future.done()) {
        co_await await_done(future);
    }
    co_return std::move(future).take();
}

template <class T>
awaitable<T> copy_when_done(Future<T> future) {
    if (!future.done()) {
        co_await await_done(future);
    }
    co_return future.result();
}

}  // namespace detail

/// Waits for a future without blocking: `co_await await_future(future)`. Does not suspend when it
/// is done; otherwise the coroutine goes on on its own loop, whichever thread completed the
/// future. Given an rvalue it takes the value out, else it copies it.
///
/// Cancelling the coroutine cancels the future at once: if it was still pending, its work never
/// starts. If it was running, the coroutine does not wait; the late outcome is dropped quietly. So
/// is a completion that comes when the loop is gone.
///
/// Errors   what the future holds; CancelledError
template <class T>
[[nodiscard]] awaitable<T> await_future(Future<T>&& future) {
    static_assert(!std::is_reference_v<T>, "a reference cannot be awaited: return a pointer");
    return detail::take_when_done(std::move(future));
}
template <class T>
[[nodiscard]] awaitable<T> await_future(const Future<T>& future) {
    static_assert(!std::is_reference_v<T>, "a reference cannot be awaited: return a pointer");
    return detail::copy_when_done(future);
}

}  // namespace fanfetch
