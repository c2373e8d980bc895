#pragma once

#include "base/time.hpp"
#include "batch/rate_meter.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

namespace fanfetch {

/// What has been counted so far.
struct ProgressCounts {
    std::uint64_t done = 0;
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> total;  ///< unknown while the input is still being read
};

/// How far a batch has come.
///
/// Units    items; bytes; items per second
struct Progress {
    std::uint64_t done = 0;  ///< never decreases from one update to the next
    std::optional<std::uint64_t> total;
    std::uint64_t bytes = 0;
    std::chrono::milliseconds elapsed{0};
    double rate = 0;
    std::optional<std::chrono::milliseconds> eta;  ///< only when the total is known
};

/// Counts what a batch does.
///
/// Threads  any thread
class ProgressCounter {
public:
    void item_done() noexcept { done_.fetch_add(1, std::memory_order_relaxed); }
    void add_bytes(std::uint64_t bytes) noexcept {
        bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
    void set_total(std::uint64_t total) noexcept { total_.store(total, std::memory_order_relaxed); }

    [[nodiscard]] ProgressCounts counts() const noexcept;

private:
    static constexpr std::uint64_t unknown = std::numeric_limits<std::uint64_t>::max();

    std::atomic<std::uint64_t> done_{0};
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> total_{unknown};
};

/// Makes progress out of counts: what is shown of them, and how often.
///
/// The rate of an update is smoothed, that of the final state is the average of the whole batch.
///
/// Threads  one owner
class ProgressMeter {
public:
    static constexpr std::chrono::milliseconds shortest_interval{100};

    explicit ProgressMeter(Steady::time_point start) noexcept;

    /// What there is to show now; nullopt when the last update is too recent.
    [[nodiscard]] std::optional<Progress> update(
        const ProgressCounts& counts, Steady::time_point now
    ) noexcept;

    /// The state at the end; it is always shown.
    [[nodiscard]] Progress final_state(
        const ProgressCounts& counts, Steady::time_point now
    ) noexcept;

private:
    [[nodiscard]] Progress observed(const ProgressCounts& counts, Steady::time_point now) noexcept;

    Steady::time_point start_;
    std::optional<Steady::time_point> last_update_;
    std::uint64_t done_ = 0;
    RateMeter rate_;
};

}  // namespace fanfetch
