#include "host/host.hpp"

#include <algorithm>
#include <limits>

namespace fanfetch {
namespace {

constexpr auto forever = Steady::time_point::max();

/// The lower of two rates, of which 0 is none.
double lower_rate(double a, double b) noexcept {
    if (a <= 0 || b <= 0) {
        return std::max(a, b);
    }
    return std::min(a, b);
}

WallTime wall_of(Steady::time_point then, const Clock& clock) {
    const auto ahead = std::chrono::ceil<std::chrono::milliseconds>(then - clock.now());
    return clock.wall() + ahead;
}

Steady::time_point steady_of(WallTime then, const Clock& clock) {
    const auto ahead = then - clock.wall();
    return ahead.count() <= 0 ? Steady::time_point{} : saturating_add(clock.now(), ahead);
}

}  // namespace

Host::Host(std::string key, const HostPolicy& policy)
    : key_{std::move(key)},
      policy_{policy},
      asked_concurrency_{std::numeric_limits<std::size_t>::max()},
      bears_{policy.max_concurrency},
      back_off_{policy.max_retry_after},
      breaker_{policy.breaker},
      limit_{policy.max_concurrency} {
    settle();
}

/// Works out what the limits come to after one of them changed.
void Host::settle() {
    const auto ceiling = override_.max_concurrency.value_or(policy_.max_concurrency);
    bears_.set_ceiling(std::min<std::size_t>(ceiling, asked_concurrency_));
    limit_ = override_.paused ? 0 : bears_.limit();
    rate_ = lower_rate(asked_rate_, override_.max_rate.value_or(policy_.max_rate.value_or(0)));
    pace_.set_rate(rate_);
    restricted_ = true;  // until somebody looks
}

void Host::set_asked(std::size_t concurrency, double rate) {
    if (concurrency != asked_concurrency_ || rate != asked_rate_) {
        asked_concurrency_ = concurrency;
        asked_rate_ = rate;
        settle();
    }
}

void Host::set_override(const HostOverride& override) {
    override_ = override;
    changed_ = true;
    settle();
}

Admission Host::admission(Steady::time_point now) noexcept {
    if (override_.paused) {
        return {wait_reason::host_concurrency, forever};
    }
    if (now < back_off_.until()) {
        return {wait_reason::retry_after, back_off_.until()};
    }
    if (!breaker_.admits(now)) {
        return {wait_reason::breaker, breaker_.probing() ? forever : breaker_.until()};
    }
    if (in_flight_ >= limit_) {
        return {wait_reason::host_concurrency, forever};
    }
    if (pace_.limited() && now < pace_.next()) {
        return {wait_reason::host_rate, pace_.next()};
    }
    restricted_ = pace_.limited() || !breaker_.closed();
    return {};
}

void Host::started(Steady::time_point now) noexcept {
    ++in_flight_;
    if (restricted_) {
        pace_.started(now);
        breaker_.started();
    }
}

Breaker::effect Host::ended(const AttemptSigns& signs) {
    --in_flight_;
    bool changed = false;
    auto effect = Breaker::effect::none;
    switch (signs.sign) {
        case host_sign::nothing:
            breaker_.unknown(signs.asked);
            break;
        case host_sign::unreachable:
            effect = breaker_.failed(signs.asked, signs.now);
            changed = effect != Breaker::effect::none;
            restricted_ |= changed;
            break;
        case host_sign::answered:
        case host_sign::pushed_back:
        case host_sign::struggled:
            changed = breaker_.answered();
            learn(signs, changed);
            break;
    }
    changed_ |= changed;
    return effect;
}

/// What the host bears and wants, from an attempt that reached it.
void Host::learn(const AttemptSigns& signs, bool& changed) noexcept {
    bool cut = false;
    if (signs.sign == host_sign::answered) {
        changed |= back_off_.answered();
        if (signs.first_byte.count() > 0) {
            cut = bears_.answered(signs.asked, signs.now, signs.first_byte);
        }
    } else {
        if (signs.sign == host_sign::pushed_back &&
            back_off_.pushed_back(signs.asked, signs.now, signs.status, signs.retry_after)) {
            changed = true;
            restricted_ = true;
        }
        cut = bears_.struggled(signs.asked, signs.now);
    }
    changed |= cut;
    if (!override_.paused) {
        limit_ = bears_.limit();
    }
}

void Host::unlearn() {
    bears_ = AdaptiveLimit{policy_.max_concurrency};
    back_off_ = BackOff{policy_.max_retry_after};
    breaker_ = Breaker{policy_.breaker};
    settle();
}

HostRecord Host::record(const Clock& clock) const {
    HostRecord record;
    record.key = key_;
    if (back_off_.until() > clock.now()) {
        record.blocked_until = wall_of(back_off_.until(), clock);
    }
    record.back_off_level = back_off_.level();
    if (!breaker_.closed()) {
        record.breaker_until = wall_of(breaker_.until(), clock);
    }
    if (bears_.limit() < bears_.ceiling()) {
        record.adaptive_limit = bears_.limit();
    }
    record.max_concurrency = override_.max_concurrency;
    record.max_rate = override_.max_rate;
    record.paused = override_.paused;
    return record;
}

void Host::restore(const HostRecord& record, const Clock& clock) {
    override_ = {record.max_concurrency, record.max_rate, record.paused};
    if (record.blocked_until || record.back_off_level > 0) {
        const auto until =
            record.blocked_until ? steady_of(*record.blocked_until, clock) : Steady::time_point{};
        back_off_.restore(until, record.back_off_level);
    }
    if (record.breaker_until) {
        breaker_.restore(steady_of(*record.breaker_until, clock));
    }
    settle();
    if (record.adaptive_limit > 0) {
        bears_.restore(record.adaptive_limit);
        limit_ = override_.paused ? 0 : bears_.limit();
    }
}

HostStatus Host::status(const Clock& clock) {
    HostStatus status;
    status.host = key_;
    status.in_flight = in_flight_;
    status.limit = limit_;
    if (rate_ > 0) {
        status.rate = rate_;
    }
    const auto now = clock.now();
    const auto admission = this->admission(now);
    status.waiting_for = admission.reason;
    if (!admission.granted() && admission.until != forever) {
        status.not_before = wall_of(admission.until, clock);
    }
    status.breaker = breaker_.state(now);
    status.failures = breaker_.failures();
    status.back_off_level = back_off_.level();
    status.latency = bears_.latency();
    status.override = override_;
    return status;
}

}  // namespace fanfetch
