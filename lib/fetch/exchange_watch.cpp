#include "fetch/exchange.hpp"

namespace fanfetch {

void ExchangeWatch::limit(failure_code phase, Steady::time_point until) {
    const bool phase_first = until < total_;
    armed_for_ = phase_first ? phase : failure_code::timeout_total;
    wheel_.arm(*this, phase_first ? until : total_);
}

/// The error that the exchange sees next is then read as `expired()`.
void ExchangeWatch::expire() noexcept {
    expired_ = armed_for_;
    cut_off();
}

}  // namespace fanfetch
