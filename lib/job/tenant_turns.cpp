#include "job/tenant_turns.hpp"

#include <algorithm>

namespace fanfetch {

void TenantTurns::join(TenantSeat& seat, LinePlace& place, job_lane lane) {
    seat.line.join(place, lane);
    interactive_waits_ += lane == job_lane::interactive ? 1 : 0;
    if (!seat.waits) {
        weight_ += active(seat) ? 0 : seat.weight;
        waiting_weight_ += seat.weight;
        seat.waits = true;
        ring_.push_back(seat);
    }
}

void TenantTurns::leave(TenantSeat& seat, LinePlace& place, job_lane lane) {
    seat.line.leave(place, lane);
    interactive_waits_ -= lane == job_lane::interactive ? 1 : 0;
    if (seat.line.empty()) {
        unring(seat);
    }
}

/// What is left of its turns is not saved up: who has nothing to do has no claim on later.
void TenantTurns::unring(TenantSeat& seat) {
    ring_.erase(ring_.iterator_to(seat));
    waiting_weight_ -= seat.weight;
    seat.waits = false;
    seat.credit = 0;
    weight_ -= active(seat) ? 0 : seat.weight;
}

void TenantTurns::take_slot(TenantSeat& seat) {
    weight_ += active(seat) ? 0 : seat.weight;
    ++seat.holding;
    if (!seat.waits) {
        return;
    }
    if (seat.credit == 0) {
        seat.credit = seat.weight;
    }
    if (--seat.credit == 0 && &ring_.back() != &seat) {
        ring_.erase(ring_.iterator_to(seat));
        ring_.push_back(seat);
    }
}

void TenantTurns::give_slot(TenantSeat& seat) {
    --seat.holding;
    weight_ -= active(seat) ? 0 : seat.weight;
}

void TenantTurns::set_weight(TenantSeat& seat, std::uint32_t weight) {
    if (active(seat)) {
        weight_ += weight;
        weight_ -= seat.weight;
    }
    if (seat.waits) {
        waiting_weight_ += weight;
        waiting_weight_ -= seat.weight;
    }
    seat.weight = weight;
    seat.credit = std::min(seat.credit, weight);
}

std::size_t TenantTurns::share(const TenantSeat& seat, std::size_t slots) const noexcept {
    const auto all = active(seat) ? weight_ : weight_ + seat.weight;
    return std::max<std::size_t>(1, slots * seat.weight / all);
}

}  // namespace fanfetch
