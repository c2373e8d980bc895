#pragma once

#include "coro/loop.hpp"
#include "coro/spawn.hpp"
#include "future/future.hpp"
#include "future/promise.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace fanfetch {

namespace detail {

template <class T>
awaitable<> fulfil(Promise<T> promise, awaitable<T> body) {
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(body);
            promise.try_set_result();
        } else {
            promise.try_set_result(co_await std::move(body));
        }
    } catch (...) {
        promise.try_set_exception(std::current_exception());
    }
}

}  // namespace detail

/// Starts `body` on a loop from any thread and gives a future of its outcome.
///
/// The future can be cancelled as long as the body has not ended: it is cancelled at once, and the
/// body is asked to stop. A loop that is destroyed first leaves it with BrokenPromise.
///
/// Threads  any thread, while the loop lives
template <class T>
Future<T> spawn_threadsafe(LoopExecutor loop, awaitable<T> body) {
    Promise<T> promise;
    auto future = promise.get_future();
    auto start = [loop, future, promise = std::move(promise), body = std::move(body)]() mutable {
        if (future.done()) {
            return;  // cancelled before it began
        }
        const auto task = spawn(loop, detail::fulfil(std::move(promise), std::move(body)));
        auto forward = [task = std::weak_ptr<TaskBase>{task.share()}](const Future<T>& outcome) {
            if (const auto running = task.lock(); running && outcome.cancelled()) {
                running->cancel();
            }
        };
        future.add_done_callback(std::move(forward));
    };
    boost::asio::post(loop, std::move(start));
    return future;
}

}  // namespace fanfetch
