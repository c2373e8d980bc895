#include "coro/deadline_wheel.hpp"

#include "coro/loop_state.hpp"

#include <algorithm>
#include <bit>

namespace fanfetch {

DeadlineWheel::Tick DeadlineWheel::tick_of(Steady::time_point when) noexcept {
    return std::chrono::floor<std::chrono::milliseconds>(when.time_since_epoch()) / resolution;
}

DeadlineWheel::Tick DeadlineWheel::tick_after(Steady::time_point when) noexcept {
    return tick_of(when) + 1;
}

std::size_t DeadlineWheel::slot_of(Tick tick) noexcept {
    return static_cast<std::size_t>(tick) % slot_count;
}

void DeadlineWheel::arm(DeadlineEntry& entry, Steady::time_point when) {
    if (entry.armed() && when >= entry.when_) {
        entry.when_ = when;  // looked at again when the old time comes
        return;
    }
    entry.unlink();
    entry.when_ = when;
    insert(entry);
}

void DeadlineWheel::insert(DeadlineEntry& entry) {
    if (wake_ == asleep) {
        // The wheel is empty, so the ticks since its last turn need no look.
        next_ = std::max(next_, tick_after(Steady::now()));
    }
    const Tick tick = std::max(tick_after(entry.when_), next_);
    const auto slot = slot_of(tick);
    slots_[slot].push_back(entry);
    occupied_[slot / word_bits] |= std::uint64_t{1} << (slot % word_bits);
    if (tick < wake_) {
        aim(tick);
    }
}

void DeadlineWheel::turn(Steady::time_point now) {
    Slot due;
    wake_ = turning;  // what expires may arm; the timer is set once, at the end
    collect_due(tick_of(now), due);
    while (!due.empty()) {
        auto& entry = due.front();
        due.pop_front();
        if (entry.when_ > now) {
            insert(entry);  // beyond one turn, or moved to a later time meanwhile
        } else {
            entry.expire();
        }
    }
    wake_ = asleep;
    if (const auto tick = first_occupied(); tick != asleep) {
        aim(tick);
    }
}

void DeadlineWheel::collect_due(Tick last, Slot& due) {
    const Tick full_turn = next_ + static_cast<Tick>(slot_count);
    const Tick end = std::min(last + 1, full_turn);
    for (Tick tick = next_; tick < end; ++tick) {
        auto& slot = slots_[slot_of(tick)];
        due.splice(due.end(), slot);
    }
    next_ = std::max(next_, last + 1);
}

DeadlineWheel::Tick DeadlineWheel::first_occupied() {
    for (Tick tick = next_; tick < next_ + static_cast<Tick>(slot_count);) {
        const auto slot = slot_of(tick);
        const auto bit = slot % word_bits;
        auto& word = occupied_[slot / word_bits];
        const auto rest = word >> bit;
        if (rest == 0) {
            tick += static_cast<Tick>(word_bits - bit);
            continue;
        }
        const auto skip = std::countr_zero(rest);
        if (!slots_[slot_of(tick + skip)].empty()) {
            return tick + skip;
        }
        word &= ~(std::uint64_t{1} << (bit + static_cast<std::size_t>(skip)));
    }
    return asleep;
}

void DeadlineWheel::aim(Tick tick) {
    wake_ = std::min(tick, next_ + static_cast<Tick>(slot_count));
    timer_.expires_at(Steady::time_point{wake_ * resolution});
    auto ring = [this](const boost::system::error_code& error) {
        loop_.on_work_started();
        if (!error) {
            turn(Steady::now());
        }
    };
    timer_.async_wait(ring);
    // The timer may be set for long after the last deadline was disarmed; a loop with nothing else
    // to do ends without waiting for it. Undone when it rings.
    loop_.on_work_finished();
}

DeadlineWheel& deadlines_of(LoopExecutor loop) {
    return loop_state(loop).deadlines();
}

}  // namespace fanfetch
