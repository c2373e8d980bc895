#pragma once

#include "base/time.hpp"

#include <chrono>
#include <limits>
#include <optional>
#include <type_traits>

namespace fanfetch {

/// The moment a wait gives up; none: it never does.
using Deadline = std::optional<Steady::time_point>;

/// How long to wait at most: a duration of any unit, or std::nullopt for no limit.
///
/// Zero and negative durations mean "look once, do not block". Durations too long for nanoseconds
/// mean the longest wait there is (292 years); they never wrap round into a short one.
///
/// Threads  immutable
class TimeLimit {
public:
    constexpr TimeLimit() noexcept = default;
    constexpr TimeLimit(std::nullopt_t) noexcept {}

    template <class Rep, class Period>
    constexpr TimeLimit(std::chrono::duration<Rep, Period> duration) noexcept
        : duration_{saturate(duration)} {}

    template <class Rep, class Period>
    constexpr TimeLimit(const std::optional<std::chrono::duration<Rep, Period>>& duration) noexcept
        : duration_{duration ? std::optional{saturate(*duration)} : std::nullopt} {}

    [[nodiscard]] constexpr bool limited() const noexcept { return duration_.has_value(); }
    [[nodiscard]] constexpr std::optional<std::chrono::nanoseconds> duration() const noexcept {
        return duration_;
    }

    /// Fixes the moment, counted from now.
    [[nodiscard]] Deadline deadline() const;

private:
    template <class Rep, class Period>
    static constexpr std::chrono::nanoseconds saturate(std::chrono::duration<Rep, Period> duration
    ) noexcept {
        using std::chrono::nanoseconds;
        // Compared as floating seconds, which cannot overflow; 2^63 ns is exact in both.
        using Seconds = std::chrono::duration<long double>;
        const auto wanted = std::chrono::duration_cast<Seconds>(duration);
        if (wanted >= Seconds{nanoseconds::max()}) {
            return nanoseconds::max();
        }
        if (wanted <= Seconds{nanoseconds::min()}) {
            return nanoseconds::min();
        }
        if constexpr (std::is_floating_point_v<Rep>) {
            if (duration != duration) {  // not a number: no time at all
                return nanoseconds::zero();
            }
        }
        return std::chrono::duration_cast<nanoseconds>(duration);
    }

    std::optional<std::chrono::nanoseconds> duration_;
};

/// Whether the moment has come.
[[nodiscard]] inline bool passed(const Deadline& deadline) {
    return deadline && Steady::now() >= *deadline;
}

}  // namespace fanfetch
