#pragma once

#include "base/time.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace fanfetch {

/// The longest pause that parse_retry_after returns; more seconds than this mean this.
inline constexpr std::chrono::seconds longest_retry_after{1'000'000'000};

/// How long a Retry-After asks us to wait: a number of seconds, or the time until an HTTP date,
/// which is zero when it has passed. nullopt for everything else, negative numbers included. The
/// answer is the origin's wish; what is granted is capped elsewhere.
///
/// Threads  pure
/// Source   RFC 9110 §10.2.3
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(
    std::string_view value, WallTime now
);

}  // namespace fanfetch
