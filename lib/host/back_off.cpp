#include "host/back_off.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

constexpr std::uint16_t service_unavailable = 503;
constexpr std::uint32_t unavailable_enough = 3;
constexpr std::uint32_t good_enough = 10;
constexpr std::uint32_t highest_level = 16;

std::chrono::milliseconds pause_of(std::uint32_t level) noexcept {
    return std::min(BackOff::longest_pause, BackOff::first_pause * (1U << level));
}

}  // namespace

void BackOff::restore(Steady::time_point until, std::uint32_t level) noexcept {
    until_ = until;
    level_ = std::min(level, highest_level);
}

bool BackOff::pushed_back(
    Steady::time_point asked, Steady::time_point now, std::uint16_t status,
    std::optional<std::chrono::milliseconds> retry_after
) noexcept {
    good_ = 0;
    unavailable_ = status == service_unavailable ? unavailable_ + 1 : 0;
    const bool of_this_pause = asked < since_;
    const auto before = until_;
    if (retry_after) {
        until_ =
            std::max(until_, saturating_add(now, std::min(*retry_after, longest_retry_after_)));
    } else if (!of_this_pause && (status != service_unavailable || unavailable_ >= unavailable_enough)) {
        until_ = std::max(until_, saturating_add(now, pause_of(level_)));
    }
    if (until_ == before) {
        return false;
    }
    if (!of_this_pause) {
        since_ = now;
        level_ = std::min(level_ + 1, highest_level);
    }
    return true;
}

bool BackOff::answered() noexcept {
    unavailable_ = 0;
    if (level_ == 0 || ++good_ < good_enough) {
        return false;
    }
    good_ = 0;
    --level_;
    return true;
}

}  // namespace fanfetch
