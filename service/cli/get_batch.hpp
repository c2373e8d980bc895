#pragma once

#include "archive/safe_name.hpp"
#include "base/random.hpp"
#include "batch/progress.hpp"
#include "cli/get_input.hpp"
#include "cli/get_lineup.hpp"
#include "cli/get_plan.hpp"
#include "cli/get_sink.hpp"
#include "coro/loop.hpp"
#include "coro/semaphore.hpp"
#include "coro/task_group.hpp"
#include "executor/executor.hpp"
#include "fetch/fetcher.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace fanfetch {

/// Fetches a list: reads it as it goes along, keeps so many requests in flight, tries again what
/// may be tried again, and hands every end to the sink.
///
/// Memory does not grow with the list but for the names that were given: a bounded number of
/// entries is between the input and their end. Names are given in the order of the list, before
/// anything is fetched, so the same list gives the same names. An item that waits to be tried
/// again holds no slot.
///
/// Threads  one loop; what blocks runs in `disk` and `reader`, which end before it does
class GetBatch {
public:
    struct Parts {
        const GetPlan* plan = nullptr;
        UrlInput* input = nullptr;  ///< null: arguments only
        Fetcher* fetcher = nullptr;
        GetSink* sink = nullptr;
        ProgressCounter* progress = nullptr;
        Executor* disk = nullptr;
        Executor* reader = nullptr;  ///< for the input, where a call may wait for ever
        Random* random = nullptr;
        const Clock* clock = nullptr;
    };
    explicit GetBatch(Parts parts);

    /// Ends when every item has ended.
    ///
    /// Errors   CancelledError; what was in flight is dropped then
    awaitable<void> run();

    /// To be called before `run` is cancelled: nothing new is begun.
    void stop() noexcept;

    /// How many items there are, as far as is known.
    [[nodiscard]] std::uint64_t items() const noexcept;

private:
    awaitable<void> feed();
    awaitable<void> feed_input();
    awaitable<void> admit(ListedUrl entry);
    awaitable<void> work(GetItem item);
    void pump();
    void slot_free(const GetItem& item);
    [[nodiscard]] std::optional<std::chrono::milliseconds> pause_after(
        const GetItem& item, const FetchOutcome& outcome
    );

    Parts parts_;
    HostLineup lineup_;
    NameSet names_;
    Semaphore window_;
    TaskGroup* group_ = nullptr;  // while `run` runs
    std::size_t in_flight_ = 0;
    std::uint64_t seen_ = 0;
    std::uint64_t counted_ = 0;  // beforehand
    bool stopping_ = false;
};

}  // namespace fanfetch
