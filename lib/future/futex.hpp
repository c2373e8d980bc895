#pragma once

#include "future/time_limit.hpp"

#include <atomic>
#include <cstdint>

namespace fanfetch::detail {

/// Sleeps while `word` holds `expected`. Returns false when the deadline has passed, else true,
/// possibly for no reason: the caller looks again. std::atomic's own wait has no deadline.
///
/// Source  futex(2), FUTEX_WAIT_BITSET: an absolute timeout on CLOCK_MONOTONIC, which is Steady
bool futex_wait(
    const std::atomic<std::uint32_t>& word, std::uint32_t expected, const Deadline& deadline
) noexcept;

void futex_wake_all(const std::atomic<std::uint32_t>& word) noexcept;

}  // namespace fanfetch::detail
