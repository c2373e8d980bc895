#pragma once

#include "job/job_snapshot.hpp"

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

}  // namespace fanfetch
