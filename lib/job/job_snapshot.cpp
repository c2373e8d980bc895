#include "job/job_snapshot.hpp"

#include <algorithm>
#include <utility>

namespace fanfetch {

ItemCounts counts_of(
    const JobRecord& record, std::uint64_t waiting, std::uint64_t running
) noexcept {
    ItemCounts counts;
    counts.succeeded = record.tally.succeeded;
    counts.failed = record.tally.failed;
    counts.skipped = record.tally.skipped;
    counts.cancelled = record.tally.cancelled;
    counts.total = std::max(record.total, record.tally.terminal());
    auto left = counts.total - record.tally.terminal();
    counts.running = std::min(running, left);
    left -= counts.running;
    counts.waiting = std::min(waiting, left);
    counts.queued = left - counts.waiting;
    return counts;
}

JobSnapshotPtr snapshot_of(JobRecord record) {
    auto snapshot = std::make_shared<JobSnapshot>();
    snapshot->counts = counts_of(record, 0, 0);
    snapshot->version = record.last_seq + static_cast<std::uint64_t>(record.state);
    snapshot->record = std::move(record);
    return snapshot;
}

}  // namespace fanfetch
