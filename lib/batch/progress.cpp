#include "batch/progress.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

double average(std::uint64_t done, Steady::duration elapsed) noexcept {
    const double seconds = std::chrono::duration<double>(elapsed).count();
    return seconds > 0 ? static_cast<double>(done) / seconds : 0.0;
}

}  // namespace

ProgressCounts ProgressCounter::counts() const noexcept {
    ProgressCounts counts;
    counts.done = done_.load(std::memory_order_relaxed);
    counts.bytes = bytes_.load(std::memory_order_relaxed);
    if (const auto total = total_.load(std::memory_order_relaxed); total != unknown) {
        counts.total = total;
    }
    return counts;
}

ProgressMeter::ProgressMeter(Steady::time_point start) noexcept : start_{start} {
    rate_.update(0, start);
}

std::optional<Progress> ProgressMeter::update(
    const ProgressCounts& counts, Steady::time_point now
) noexcept {
    if (last_update_ && now - *last_update_ < shortest_interval) {
        return std::nullopt;
    }
    last_update_ = now;
    auto progress = observed(counts, now);
    rate_.update(progress.done, now);
    progress.rate = rate_.per_second();
    if (progress.total) {
        progress.eta = rate_.eta(*progress.total - progress.done);
    }
    return progress;
}

Progress ProgressMeter::final_state(const ProgressCounts& counts, Steady::time_point now) noexcept {
    auto progress = observed(counts, now);
    progress.rate = average(progress.done, now - start_);
    if (progress.total == progress.done) {
        progress.eta = std::chrono::milliseconds{0};
    }
    return progress;
}

Progress ProgressMeter::observed(const ProgressCounts& counts, Steady::time_point now) noexcept {
    done_ = std::max(done_, counts.done);
    Progress progress;
    progress.done = done_;
    progress.bytes = counts.bytes;
    progress.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - start_);
    if (counts.total) {
        // A list that grew after it was counted must not make us promise less than was done.
        progress.total = std::max(*counts.total, done_);
    }
    return progress;
}

}  // namespace fanfetch
