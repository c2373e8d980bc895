#include "host/adaptive_limit.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

using std::chrono::microseconds;

constexpr double cut_for_trouble = 0.5;
constexpr double cut_for_lateness = 0.8;
constexpr std::size_t smallest_window = 16;  // answers
constexpr microseconds noticeable{100'000};  // less than this is never late
constexpr int late_factor = 2;               // times what is usual
constexpr int slow_share = 10;               // of a window in the slow average, when it rises
constexpr int fast_share = 2;                // and when it falls

}  // namespace

AdaptiveLimit::AdaptiveLimit(std::size_t ceiling) noexcept
    : ceiling_{std::max<std::size_t>(1, ceiling)}, limit_{ceiling_} {}

void AdaptiveLimit::set_ceiling(std::size_t ceiling) noexcept {
    ceiling = std::max<std::size_t>(1, ceiling);
    // Who was at the ceiling has shown no trouble, and goes up with it.
    limit_ = limit_ == ceiling_ ? ceiling : std::min(limit_, ceiling);
    ceiling_ = ceiling;
}

void AdaptiveLimit::restore(std::size_t limit) noexcept {
    limit_ = std::clamp<std::size_t>(limit, 1, ceiling_);
}

bool AdaptiveLimit::answered(
    Steady::time_point asked, Steady::time_point now, microseconds first_byte
) noexcept {
    if (limit_ < ceiling_ && asked >= last_cut_ && ++good_ >= limit_) {
        ++limit_;
        good_ = 0;
    }
    sum_ += first_byte;
    if (++seen_ < std::max(smallest_window, limit_)) {
        return false;
    }
    const microseconds average = sum_ / static_cast<microseconds::rep>(seen_);
    seen_ = 0;
    sum_ = microseconds{0};
    latest_ = average;
    return late(average) && asked >= last_cut_ && cut(cut_for_lateness, now);
}

/// Compares a window with what is usual, and lets it become so: a host that is slower for good is
/// not punished for ever.
bool AdaptiveLimit::late(microseconds average) noexcept {
    if (usual_.count() == 0) {
        usual_ = average;
        return false;
    }
    const bool is_late = average > usual_ * late_factor && average - usual_ > noticeable;
    usual_ += (average - usual_) / (average > usual_ ? slow_share : fast_share);
    return is_late;
}

bool AdaptiveLimit::struggled(Steady::time_point asked, Steady::time_point now) noexcept {
    return asked >= last_cut_ && cut(cut_for_trouble, now);
}

bool AdaptiveLimit::cut(double factor, Steady::time_point now) noexcept {
    last_cut_ = now;
    good_ = 0;
    const auto before = limit_;
    limit_ =
        std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(limit_) * factor));
    return limit_ != before;
}

}  // namespace fanfetch
