#pragma once

#include "model/job_record.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace fanfetch {

/// A job as it looks from outside at one moment. Immutable: everybody may read it.
struct JobSnapshot {
    JobRecord record;    ///< state, tally, total, last_seq and times as of now
    ItemCounts counts;   ///< always sums to record.total
    double rate_per_s = 0;
    std::optional<std::chrono::milliseconds> eta;
    std::uint64_t version = 0;  ///< changes whenever anything above does

    [[nodiscard]] bool done() const noexcept { return is_done(record.state); }
};

using JobSnapshotPtr = std::shared_ptr<const JobSnapshot>;

/// The counts of a job of which `waiting` items wait and `running` are on their way; what is left
/// is queued. Clamped so that the sum holds whatever the two say.
[[nodiscard]] ItemCounts counts_of(
    const JobRecord& record, std::uint64_t waiting, std::uint64_t running
) noexcept;

/// The snapshot of a job that nobody works on: it is done, or not yet taken up.
[[nodiscard]] JobSnapshotPtr snapshot_of(JobRecord record);

}  // namespace fanfetch
