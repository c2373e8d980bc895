#include "coro/with_timeout.hpp"

namespace fanfetch {

TimeoutScope::TimeoutScope(DeadlineWheel& wheel, CancelSource& body, Deadline deadline)
    : wheel_{wheel}, body_{body}, deadline_{deadline} {}

void TimeoutScope::reschedule(Deadline deadline) {
    if (phase_ == phase::over || expired_) {
        throw InvalidStateError{"moving a time limit: it has passed, or the body has ended"};
    }
    deadline_ = deadline;
    if (phase_ == phase::active) {
        watch();
    }
}

void TimeoutScope::open() {
    phase_ = phase::active;
    watch();
}

void TimeoutScope::watch() {
    if (!deadline_) {
        wheel_.disarm(*this);
    } else if (passed(deadline_)) {
        wheel_.disarm(*this);
        expire();
    } else {
        wheel_.arm(*this, *deadline_);
    }
}

void TimeoutScope::close() noexcept {
    phase_ = phase::over;
    wheel_.disarm(*this);
}

void TimeoutScope::expire() noexcept {
    expired_ = true;
    body_.request();
}

}  // namespace fanfetch
