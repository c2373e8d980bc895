#pragma once

#include "job/job_snapshot.hpp"

#include <cstddef>
#include <cstdint>

namespace fanfetch {

/// What a client waits for, in the words of Python's `wait`.
struct WaitCondition {
    enum class kind : std::uint8_t {
        all_completed,    ///< every item is terminal
        first_completed,  ///< any item is
        first_exception,  ///< an item failed, or all are terminal; cancelled ones do not count
        count,            ///< `number` items are terminal, or all are
        seq,              ///< a result beyond seq `number` exists, or the job is done
        change,           ///< anything changed since version `number`, or the job is done
    };

    kind what = kind::all_completed;
    std::uint64_t number = 0;

    [[nodiscard]] bool holds(const JobSnapshot& job) const noexcept;
};

/// Whether a job is what Python calls a future with an exception: it ended failed or expired, or an
/// item of it failed.
[[nodiscard]] bool has_exception(const JobSnapshot& job) noexcept;

/// How far several jobs are that are waited for together.
struct JobsDone {
    std::size_t total = 0;
    std::size_t done = 0;
    std::size_t exceptions = 0;  ///< those with one, done or not

    /// Whether `condition`, which is about whole jobs now, holds. `count` beyond the total waits
    /// for all; `seq` and `change` are of single jobs and hold when all are done.
    [[nodiscard]] bool satisfies(const WaitCondition& condition) const noexcept;
};

}  // namespace fanfetch
