#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace fanfetch {

/// What is remembered of a host over a restart: what it asked of us, what we learned it bears, and
/// what the operator set.
struct HostRecord {
    std::string key;                        ///< "example.com:443"
    std::optional<WallTime> blocked_until;  ///< nothing is asked of it before
    std::uint32_t back_off_level = 0;       ///< how often it has pushed back without being forgiven
    std::optional<WallTime> breaker_until;  ///< open: no connection is tried before
    std::uint64_t adaptive_limit = 0;       ///< exchanges it bears at a time; 0: not learned
    std::optional<std::uint64_t> max_concurrency;  ///< set by the operator
    std::optional<double> max_rate;                ///< requests per second, set by the operator
    bool paused = false;                           ///< set by the operator

    /// Whether there is anything to remember.
    [[nodiscard]] bool blank() const noexcept {
        return !blocked_until && back_off_level == 0 && !breaker_until && adaptive_limit == 0 &&
               !max_concurrency && !max_rate && !paused;
    }

    friend bool operator==(const HostRecord&, const HostRecord&) = default;
};

}  // namespace fanfetch
