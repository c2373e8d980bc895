#include "fetch/body_pace.hpp"

#include <algorithm>
#include <cmath>

namespace fanfetch {

void BodyPace::begin(Steady::time_point at, std::uint64_t received) noexcept {
    if (!timeouts_.low_speed) {
        return;
    }
    constexpr double most = 1e18;  // more than any body has, and far from what the type cannot hold
    const auto& slowest = *timeouts_.low_speed;
    const auto bytes = static_cast<double>(slowest.bytes_per_s) *
                       std::chrono::duration<double>(slowest.over).count();
    quota_ = received + static_cast<std::uint64_t>(std::ceil(std::min(bytes, most)));
    span_end_ = saturating_add(at, slowest.over);
}

BodyPace::Limit BodyPace::next(Steady::time_point at, std::uint64_t received) noexcept {
    const Limit idle{failure_code::timeout_idle, saturating_add(at, timeouts_.idle)};
    if (!timeouts_.low_speed) {
        return idle;
    }
    if (received >= quota_) {
        begin(at, received);
    }
    return span_end_ < idle.until ? Limit{failure_code::timeout_low_speed, span_end_} : idle;
}

}  // namespace fanfetch
