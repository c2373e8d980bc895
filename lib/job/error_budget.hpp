#pragma once

#include "model/options.hpp"
#include "model/state.hpp"

#include <cstdint>
#include <mutex>

namespace fanfetch {

/// Items of a run of a job that are over.
struct EndedItems {
    std::uint64_t all = 0;
    std::uint64_t failed = 0;

    [[nodiscard]] static EndedItems of(const JobTally& tally) noexcept {
        return {tally.terminal(), tally.failed};
    }
    /// Without those of an earlier run.
    [[nodiscard]] EndedItems since(const EndedItems& earlier) const noexcept {
        return {all - earlier.all, failed - earlier.failed};
    }
};

/// How many items more have to fail before a job has had all the failures that its `on_error`
/// allows; 0 when it has. A percentage is of the items finished, from the tenth on.
[[nodiscard]] std::uint64_t failures_left(const JobOptions& options, EndedItems ended) noexcept;

/// Keeps shards from starting items of a job whose error budget may be used up by failures that are
/// not durable yet: the job ends by what the store says, and until that is known nothing more than
/// what is in flight is to be fetched in vain.
///
/// Threads  any thread
class FailureAllowance {
public:
    explicit FailureAllowance(std::uint64_t left) noexcept : left_{left} {}

    /// An item has failed, on its way to the store.
    void count() noexcept;
    /// Whether nothing may start until the store has judged. Who is told so waits for `judge`.
    [[nodiscard]] bool exhausted() noexcept;
    /// Begins anew: nothing is on its way.
    void reset(std::uint64_t left) noexcept;
    /// So many of those counted are durable, and now there are so many left. True when somebody
    /// waits who may go on.
    [[nodiscard]] bool judge(std::uint64_t durable, std::uint64_t left) noexcept;

private:
    std::mutex mutex_;  // held for a few numbers
    std::uint64_t underway_ = 0;
    std::uint64_t left_;
    bool waited_for_ = false;
};

}  // namespace fanfetch
