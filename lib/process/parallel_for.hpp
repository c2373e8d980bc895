#pragma once

#include "future/wait.hpp"
#include "process/process_pool_executor.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace fanfetch {

/// How the elements of a parallel_for are dealt to those who work on them.
enum class parallel_policy {
    per_cpu,   ///< a worker for each usable CPU; the elements in turn: first, second, first ...
    per_item,  ///< a worker for each element: for few that take long
    dynamic,   ///< a worker for each usable CPU; whoever is done takes the next
};

struct ParallelForOptions {
    parallel_policy policy = parallel_policy::dynamic;
    std::size_t grain = 1;  ///< elements taken at once, where they are taken dynamically in threads
    bool processes = false;  ///< in worker processes instead of threads; for registered tasks
};

namespace detail {

/// Calls `each(index)` for every index below `count`, in threads of its own and the calling one.
void for_each_index(
    std::size_t count, const ParallelForOptions& options,
    const std::function<void(std::size_t)>& each
);

/// How many workers a policy wants for so many elements.
[[nodiscard]] std::size_t workers_for(parallel_policy policy, std::size_t count);

/// Access to any element; a range that has it already is left alone.
template <std::ranges::forward_range Range>
[[nodiscard]] auto indexed(Range& range) {
    if constexpr (std::ranges::random_access_range<Range> && std::ranges::sized_range<Range>) {
        return std::views::all(range);
    } else {
        std::vector<std::ranges::iterator_t<Range>> places;
        for (auto at = std::ranges::begin(range); at != std::ranges::end(range); ++at) {
            places.push_back(at);
        }
        return places;
    }
}

template <class Range, class Indexed>
[[nodiscard]] decltype(auto) element_at(Indexed& elements, std::size_t index) {
    auto at =
        std::ranges::begin(elements) + static_cast<std::ranges::range_difference_t<Indexed>>(index);
    if constexpr (std::ranges::random_access_range<Range> && std::ranges::sized_range<Range>) {
        return *at;
    } else {
        return **at;
    }
}

/// Waits until all are done or one has failed; then what has not begun is cancelled, what has is
/// waited for, the first failure is thrown and the others are logged.
template <class R>
void settle(ProcessPoolExecutor& pool, const std::vector<Future<R>>& futures) {
    (void)wait(futures, std::nullopt, return_when::first_exception);
    pool.shutdown({.wait = true, .cancel_futures = true});
    std::exception_ptr first;
    for (const auto& future : futures) {
        if (future.cancelled() || !future.exception()) {
            continue;
        }
        if (first) {
            report_error("another failure in a parallel_for", future.exception());
        } else {
            first = future.exception();
        }
    }
    if (first) {
        std::rethrow_exception(first);
    }
}

}  // namespace detail

/// Calls `body(element)` once for each element, several at a time, and returns when all are done.
///
/// The calling thread takes part, so a parallel_for within another waits for nobody else.
///
/// Errors   the first exception: elements not yet begun are left out, those begun are finished, and
///          it is thrown; further ones are logged. std::invalid_argument for `processes` with a
///          body that is no registered task, and for a grain of 0
/// Threads  `body` is called from several at once
template <std::ranges::forward_range Range, class Body>
void parallel_for(Range&& range, const Body& body, ParallelForOptions options = {}) {
    if (options.processes) {
        throw std::invalid_argument{"a parallel_for in processes whose body is no registered task"};
    }
    auto elements = detail::indexed(range);
    auto each = [&](std::size_t index) {
        std::invoke(body, detail::element_at<Range>(elements, index));
    };
    detail::for_each_index(std::ranges::size(elements), options, each);
}

/// The same with a registered task; gives what it returned, in the order of the elements, if it
/// returns anything. In processes, each element is a call of its own, what the task changes stays
/// in its worker, and all workers are gone afterwards.
template <std::ranges::forward_range Range, detail::RemoteTask TaskType>
auto parallel_for(Range&& range, const TaskType& task, ParallelForOptions options = {}) {
    using R = typename TaskType::Result;
    constexpr bool nothing = std::is_void_v<R>;
    auto elements = detail::indexed(range);
    const auto count = static_cast<std::size_t>(std::ranges::size(elements));
    std::vector<std::optional<std::conditional_t<nothing, std::monostate, R>>> kept(count);

    if (options.processes && count > 0) {
        ProcessPoolExecutor pool{
            {.max_workers = static_cast<int>(detail::workers_for(options.policy, count))}};
        std::vector<Future<R>> futures;
        try {
            for (std::size_t index = 0; index < count; ++index) {
                futures.push_back(pool.submit(task, detail::element_at<Range>(elements, index)));
            }
        } catch (const BrokenProcessPool&) {
            // A call before has broken the pool: its own exception says more.
        }
        detail::settle(pool, futures);
        if constexpr (!nothing) {
            for (std::size_t index = 0; index < count; ++index) {
                kept[index].emplace(std::move(futures[index]).take());
            }
        }
    } else {
        auto each = [&](std::size_t index) {
            if constexpr (nothing) {
                task(detail::element_at<Range>(elements, index));
            } else {
                kept[index].emplace(task(detail::element_at<Range>(elements, index)));
            }
        };
        detail::for_each_index(count, options, each);
    }
    if constexpr (!nothing) {
        std::vector<R> results;
        results.reserve(count);
        for (auto& result : kept) {
            results.push_back(std::move(*result));
        }
        return results;
    }
}

}  // namespace fanfetch
