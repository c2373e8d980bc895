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

Failure time_is_up(failure_code limit, const Timeouts& timeouts) {
    switch (limit) {
        case failure_code::timeout_first_byte:
            return failed(
                limit, "waiting for the response: it has not begun within " +
                           to_string(timeouts.first_byte)
            );
        case failure_code::timeout_idle:
            return failed(
                limit, "reading the response: nothing came for " + to_string(timeouts.idle)
            );
        case failure_code::timeout_low_speed: {
            const auto slowest = timeouts.low_speed.value_or(LowSpeed{});
            return failed(
                limit, "reading the response: less than " + std::to_string(slowest.bytes_per_s) +
                           " bytes a second for " + to_string(slowest.over)
            );
        }
        default:
            return failed(
                limit, "making the attempt: it is not over within " + to_string(timeouts.total)
            );
    }
}

}  // namespace fanfetch
