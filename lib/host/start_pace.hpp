#pragma once

#include "base/time.hpp"

#include <chrono>

namespace fanfetch {

/// Starts spaced evenly: so many a second, and never two at once to catch up.
///
/// Units    requests per second; 0 is no limit
/// Threads  its owner's
class StartPace {
public:
    void set_rate(double per_second) noexcept {
        constexpr double slowest = 1.0 / (24 * 3600);  // once a day
        interval_ = per_second <= 0 ? std::chrono::nanoseconds{0}
                                    : std::chrono::nanoseconds{static_cast<std::int64_t>(
                                          1e9 / (per_second < slowest ? slowest : per_second)
                                      )};
    }
    [[nodiscard]] bool limited() const noexcept { return interval_.count() > 0; }

    /// The time between two starts; zero without a limit.
    [[nodiscard]] std::chrono::nanoseconds interval() const noexcept { return interval_; }

    /// The earliest moment for the next start.
    [[nodiscard]] Steady::time_point next() const noexcept {
        return last_ == Steady::time_point{} ? last_ : saturating_add(last_, interval_);
    }
    void started(Steady::time_point now) noexcept { last_ = now; }

private:
    std::chrono::nanoseconds interval_{0};
    Steady::time_point last_{};
};

}  // namespace fanfetch
