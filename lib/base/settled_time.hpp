#pragma once

#include "base/time.hpp"

#include <chrono>
#include <mutex>
#include <optional>

namespace fanfetch {

/// The time of day as far as it is believed when something is about to be erased for its age.
///
/// A clock that is put forward by mistake must not make everything kept look old. So a step forward
/// is believed only when the clock has stood there for a while; a step back, and what clocks are
/// slewed by, at once: then things are kept too long, which nobody has to fear.
class SettledTime {
public:
    static constexpr std::chrono::minutes small_step{1};
    static constexpr std::chrono::hours trial{1};  ///< of a step forward

    /// What is believed, now that both clocks show this.
    [[nodiscard]] WallTime read(WallTime wall, Steady::time_point now) noexcept;

private:
    using Offset = std::chrono::milliseconds;  // of the wall clock from the steady one

    struct Step {
        Offset offset{};
        Steady::time_point since{};
    };
    std::optional<Offset> believed_;
    std::optional<Step> on_trial_;
};

/// A clock by which things kept grow old, see SettledTime. It has to be read now and then, to see
/// the wall clock jump.
///
/// Threads  any thread
class SettledClock {
public:
    /// `clock` outlives it.
    explicit SettledClock(const Clock& clock) noexcept : clock_{clock} {}

    [[nodiscard]] WallTime wall();

private:
    const Clock& clock_;
    std::mutex mutex_;  // held for a reading
    SettledTime time_;
};

}  // namespace fanfetch
