#include "batch/rate_meter.hpp"

#include <cmath>

namespace fanfetch {

void RateMeter::update(std::uint64_t count, Steady::time_point now) noexcept {
    constexpr double time_constant_s = 3.0;
    constexpr std::chrono::milliseconds shortest{50};  // below it the quotient is noise
    if (!last_) {
        last_ = now;
        last_count_ = count;
        return;
    }
    if (now - *last_ < shortest) {
        return;
    }
    const double seconds = std::chrono::duration<double>(now - *last_).count();
    const double current = static_cast<double>(count - last_count_) / seconds;
    const double weight = warm_ ? 1.0 - std::exp(-seconds / time_constant_s) : 1.0;
    rate_ += weight * (current - rate_);
    warm_ = true;
    last_ = now;
    last_count_ = count;
}

std::optional<std::chrono::milliseconds> RateMeter::eta(std::uint64_t remaining) const noexcept {
    if (remaining == 0) {
        return std::chrono::milliseconds{0};
    }
    constexpr double slowest = 1e-3;  // beyond that a promise would be a guess
    if (rate_ < slowest) {
        return std::nullopt;
    }
    return std::chrono::milliseconds{
        static_cast<std::int64_t>(static_cast<double>(remaining) / rate_ * 1000.0)};
}

}  // namespace fanfetch
