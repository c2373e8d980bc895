#pragma once

#include "base/random.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace fanfetch {

/// When a delivery is tried again.
struct DeliverySchedule {
    /// From the first attempt to the last, jitter aside. The pauses keep their proportions.
    std::chrono::milliseconds span{std::chrono::hours{24}};
    std::chrono::milliseconds max_retry_after{std::chrono::hours{1}};
};

/// How many attempts there are in all.
inline constexpr std::uint32_t most_delivery_attempts = 9;

/// How far a pause may be from its place in the schedule: a fifth, either way, so that what failed
/// together does not come back together.
inline constexpr double delivery_jitter = 0.2;

/// The pause after the attempt number `attempt` failed, in the schedule and without jitter: 5 s,
/// 1 min, 5 min, 30 min, 2 h, 5 h, 8 h, and the rest of the day. nullopt after the last attempt.
///
/// Units    attempts are counted from 1
/// Threads  pure
/// Source   after Standard Webhooks, "Deliverability and reliability"
[[nodiscard]] std::optional<std::chrono::milliseconds> scheduled_pause(
    std::uint32_t attempt, const DeliverySchedule& schedule
);

/// The pause with its jitter. A receiver that asked for more time (Retry-After) gets it, up to
/// `max_retry_after`.
[[nodiscard]] std::optional<std::chrono::milliseconds> pause_before_retry(
    std::uint32_t attempt, std::optional<std::chrono::milliseconds> retry_after,
    const DeliverySchedule& schedule, Random& random
);

}  // namespace fanfetch
