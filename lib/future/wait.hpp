#pragma once

#include "future/completion_queue.hpp"
#include "future/distinct.hpp"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

namespace fanfetch {

enum class return_when {
    all_completed,
    first_completed,
    first_exception,  ///< a cancelled future is completion, not an exception
};

/// The futures asked for, each once, in the order given.
template <class Handle>
struct WaitResult {
    std::vector<Handle> done;
    std::vector<Handle> not_done;
};

namespace detail {

/// Listens to `states` for the life of the object: whatever happens, no listener stays behind.
class ListeningScope {
public:
    template <class Handle>
    explicit ListeningScope(const std::vector<Handle>& futures) : queue_{futures.size()} {
        states_.reserve(futures.size());
        for (const auto& future : futures) {
            states_.push_back(&StateAccess::state(future));
            queue_.add(states_.size() - 1, *states_.back());
        }
    }
    ListeningScope(const ListeningScope&) = delete;
    ListeningScope& operator=(const ListeningScope&) = delete;
    ~ListeningScope() {
        for (std::size_t index = 0; index < states_.size(); ++index) {
            queue_.remove(index, *states_[index]);
        }
    }

    [[nodiscard]] CompletionQueue& queue() noexcept { return queue_; }

private:
    CompletionQueue queue_;
    std::vector<FutureState*> states_;
};

/// Whether nobody has to wait (any more).
template <class Handle>
[[nodiscard]] bool satisfied(const std::vector<Handle>& futures, return_when condition) {
    const auto done = [](const Handle& future) { return future.done(); };
    const auto failed = [](const Handle& future) { return StateAccess::state(future).failed(); };
    if (condition == return_when::first_completed && std::ranges::any_of(futures, done)) {
        return true;
    }
    if (condition == return_when::first_exception && std::ranges::any_of(futures, failed)) {
        return true;
    }
    return std::ranges::all_of(futures, done);
}

}  // namespace detail

/// Waits until the condition holds or the limit has passed, and tells the done from the others.
///
/// The futures may be of different types (AnyFuture) and from different executors; handles to one
/// state count once. Running out of time is not an error. An empty input returns at once. Linear in
/// the number of futures; leaves no trace on them.
///
/// Threads  any thread but a loop's: it blocks
/// Source   CPython 3.13, concurrent.futures.wait
template <FutureRange R>
[[nodiscard]] WaitResult<HandleOf<R>> wait(
    R&& futures, TimeLimit limit = std::nullopt, return_when condition = return_when::all_completed
) {
    const auto deadline = limit.deadline();
    auto all = detail::distinct(std::forward<R>(futures));
    if (!detail::satisfied(all, condition) && !passed(deadline)) {
        const auto wanted = condition == return_when::first_completed ? 1 : all.size();
        detail::ListeningScope listening{all};
        listening.queue().wait(wanted, condition == return_when::first_exception, deadline);
    }
    WaitResult<HandleOf<R>> result;
    for (auto& future : all) {
        (future.done() ? result.done : result.not_done).push_back(std::move(future));
    }
    return result;
}

/// For a few futures of different types: `wait({a, b}, 1s)`.
[[nodiscard]] inline WaitResult<AnyFuture> wait(
    std::initializer_list<AnyFuture> futures, TimeLimit limit = std::nullopt,
    return_when condition = return_when::all_completed
) {
    return wait(std::span{futures}, limit, condition);
}

}  // namespace fanfetch
