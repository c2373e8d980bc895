#include "host/breaker.hpp"

namespace fanfetch {

std::string_view to_string(breaker_state state) noexcept {
    switch (state) {
        case breaker_state::closed:
            return "closed";
        case breaker_state::open:
            return "open";
        case breaker_state::half_open:
            return "half_open";
    }
    return {};
}

breaker_state Breaker::state(Steady::time_point now) const noexcept {
    if (!open_) {
        return breaker_state::closed;
    }
    return now >= until_ ? breaker_state::half_open : breaker_state::open;
}

void Breaker::restore(Steady::time_point until) noexcept {
    open_ = true;
    failures_ = limits_.failures;
    until_ = until;
}

bool Breaker::answered() noexcept {
    failures_ = 0;
    probing_ = false;
    const bool was_open = open_;
    open_ = false;
    return was_open;
}

Breaker::effect Breaker::failed(Steady::time_point asked, Steady::time_point now) noexcept {
    ++failures_;
    if (!open_ && failures_ < limits_.failures) {
        return effect::none;
    }
    if (open_ && (!probing_ || asked < until_)) {
        return effect::none;  // it was on its way when the breaker opened
    }
    const bool probe = open_;
    open_ = true;
    probing_ = false;
    until_ = saturating_add(now, limits_.cooldown);
    return probe ? effect::probe_failed : effect::opened;
}

}  // namespace fanfetch
