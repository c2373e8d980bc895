#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace fanfetch {

/// How fast a count grows, smoothed so that a pause does not send it to zero at once.
///
/// An exponential average with a time constant of three seconds; the first interval counts whole.
///
/// Units    counts per second
/// Threads  one owner at a time
class RateMeter {
public:
    void update(std::uint64_t count, Steady::time_point now) noexcept;

    [[nodiscard]] double per_second() const noexcept { return rate_; }

    /// How long `remaining` more will take; nullopt while nothing is known.
    [[nodiscard]] std::optional<std::chrono::milliseconds> eta(std::uint64_t remaining
    ) const noexcept;

private:
    double rate_ = 0;
    std::uint64_t last_count_ = 0;
    std::optional<Steady::time_point> last_;
    bool warm_ = false;
};

}  // namespace fanfetch
