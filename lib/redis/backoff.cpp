#include "redis/backoff.hpp"

#include <algorithm>
#include <cstdint>

namespace fanfetch::redis {

std::chrono::milliseconds Backoff::next_pause(Random& random) {
    const auto ceiling = ceiling_;
    ceiling_ = std::min(last_ceiling, ceiling + ceiling / 2);
    const auto half = ceiling / 2;
    const auto drawn = random.up_to(static_cast<std::uint64_t>((ceiling - half).count()));
    return half + std::chrono::milliseconds{drawn};
}

}  // namespace fanfetch::redis
