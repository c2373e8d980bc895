#include "fetch/bandwidth.hpp"

#include <algorithm>
#include <chrono>

namespace fanfetch {

Steady::time_point Bandwidth::book(std::uint64_t bytes, Steady::time_point now) noexcept {
    if (!limited()) {
        return now;
    }
    const auto seconds = static_cast<double>(bytes) / static_cast<double>(per_second_);
    const auto time =
        std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>{seconds});
    const auto present = now.time_since_epoch().count();
    auto before = booked_until_.load(std::memory_order_relaxed);
    Steady::rep after = 0;
    do {
        after = std::max(before, present) + time.count();
    } while (!booked_until_.compare_exchange_weak(before, after, std::memory_order_relaxed));
    return Steady::time_point{Steady::duration{after}} - slack;
}

}  // namespace fanfetch
