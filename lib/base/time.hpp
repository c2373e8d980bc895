#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

using Steady = std::chrono::steady_clock;

/// A moment as people and databases write it: milliseconds since 1970, UTC.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// What time it is. A test stands in for the world with ManualClock.
///
/// Threads  any thread
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Steady::time_point now() const = 0;
    [[nodiscard]] virtual WallTime wall() const = 0;
};

/// The machine's clocks; stateless, one instance for the whole program.
[[nodiscard]] const Clock& system_clock() noexcept;

/// "2026-11-21T21:52:59.123Z"
///
/// Source  RFC 3339 §5.6
[[nodiscard]] std::string to_rfc3339(WallTime time);

/// Reads what to_rfc3339 writes, and any RFC 3339 time with an offset; nullopt otherwise.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

/// Reads "250ms", "30s", "5m", "2h", "1d", "1.5s" or a plain number of seconds; nullopt when it is
/// none of these, negative, or more than about 292 years.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest exact spelling: "30s", "250ms", "1h".
[[nodiscard]] std::string to_string(std::chrono::milliseconds duration);

/// `start + wait`, or the last time point there is when that would overflow.
[[nodiscard]] Steady::time_point saturating_add(
    Steady::time_point start, std::chrono::nanoseconds wait
) noexcept;

}  // namespace fanfetch
