#include "base/settled_time.hpp"

namespace fanfetch {

WallTime SettledTime::read(WallTime wall, Steady::time_point now) noexcept {
    const auto uptime = std::chrono::floor<Offset>(now.time_since_epoch());
    const Offset offset = wall.time_since_epoch() - uptime;
    const auto within = [offset](Offset other) { return offset <= other + small_step; };
    const bool same_step =
        on_trial_ && within(on_trial_->offset) && offset >= on_trial_->offset - small_step;
    if (!believed_ || within(*believed_) || (same_step && now - on_trial_->since >= trial)) {
        believed_ = offset;
        on_trial_.reset();
    } else if (!same_step) {
        on_trial_ = Step{offset, now};
    }
    return WallTime{uptime + *believed_};
}

WallTime SettledClock::wall() {
    const std::lock_guard lock{mutex_};
    return time_.read(clock_.wall(), clock_.now());
}

}  // namespace fanfetch
