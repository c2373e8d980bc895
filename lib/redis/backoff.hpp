#pragma once

#include "base/random.hpp"

#include <chrono>

namespace fanfetch::redis {

/// How long to wait before the next attempt to reconnect.
///
/// A ceiling begins at half a second, grows by half each time and stays at a minute. A pause is
/// drawn from its upper half, so that subscribers that lost one server together do not come back
/// together, and none comes back at once.
///
/// Threads  its owner's
class Backoff {
public:
    static constexpr std::chrono::milliseconds first_ceiling{500};
    static constexpr std::chrono::milliseconds last_ceiling{60'000};

    [[nodiscard]] std::chrono::milliseconds next_pause(Random& random);

    /// A connection was whole again.
    void reset() noexcept { ceiling_ = first_ceiling; }

private:
    std::chrono::milliseconds ceiling_ = first_ceiling;
};

}  // namespace fanfetch::redis
