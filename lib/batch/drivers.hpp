#pragma once

#include "base/time.hpp"
#include "batch/batch_counts.hpp"
#include "batch/progress.hpp"
#include "coro/loop.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string_view>
#include <vector>

namespace fanfetch {

/// In which manner the items of a batch are worked through. What comes out is the same; only the
/// time it takes and the order in which items complete differ.
enum class batch_style : std::uint8_t {
    sequential,         ///< one after the other, on the calling thread
    pool_map,           ///< in a thread pool, looked at in the order of the list
    pool_as_completed,  ///< in a thread pool, looked at as they complete
    coroutines,         ///< on one loop, on the calling thread
};

[[nodiscard]] std::string_view to_string(batch_style style) noexcept;

/// What is done with an item, which is known by its place in the list. Whoever does it may throw:
/// that is `item_end::error`, and concerns nobody else.
///
/// Threads  `blocking` is called on several threads at once, `suspending` on the caller's
struct BatchWork {
    std::function<item_end(std::size_t)> blocking;
    std::function<awaitable<item_end>(std::size_t)> suspending;  ///< for `coroutines`
};

/// Units    `concurrency`: items in flight, see effective_concurrency
struct BatchOptions {
    std::size_t concurrency = 30;
    ProgressCounter* progress = nullptr;  ///< told of every item that was worked on
    std::stop_token stop{};               ///< what has not begun when it is asked never does
};

/// What became of a batch.
struct BatchReport {
    std::vector<item_end> ends;      ///< by place in the list
    std::vector<std::size_t> order;  ///< places, as the items were seen to complete
    BatchCounts counts;
    std::chrono::milliseconds elapsed{0};
};

/// Works through a list of `items` items and returns when none is in flight any more.
///
/// Errors   std::invalid_argument when `concurrency` is 0; nothing that an item does
/// Threads  any thread but a loop's: it blocks
/// Source   the four download scripts of "Fluent Python", 2nd ed., ch. 20 and 21
[[nodiscard]] BatchReport run_batch(
    batch_style style, std::size_t items, const BatchWork& work, const BatchOptions& options = {}
);

}  // namespace fanfetch
