#pragma once

#include "host/adaptive_limit.hpp"
#include "host/back_off.hpp"
#include "host/breaker.hpp"
#include "host/host_sign.hpp"
#include "host/start_pace.hpp"
#include "model/host_record.hpp"
#include "model/state.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace fanfetch {

/// What the operator grants any one host.
struct HostPolicy {
    std::size_t max_concurrency = 64;  ///< exchanges at a time (`host.max_concurrency`)
    std::optional<double> max_rate;    ///< requests per second (`host.max_rate`)
    std::chrono::milliseconds max_retry_after{3'600'000};
    Breaker::Limits breaker;
};

/// What the operator says of one host; a member without a value leaves the policy's.
struct HostOverride {
    std::optional<std::uint64_t> max_concurrency;
    std::optional<double> max_rate;
    bool paused = false;
};

/// Whether a request may start, and if not, why and until when.
struct Admission {
    wait_reason reason = wait_reason::none;
    Steady::time_point until{};  ///< the far end of time: until something happens

    [[nodiscard]] bool granted() const noexcept { return reason == wait_reason::none; }
};

/// How a host is doing at one moment.
struct HostStatus {
    std::string host;
    std::size_t in_flight = 0;
    std::size_t queued = 0;  ///< items that wait for it
    std::size_t limit = 0;   ///< exchanges at a time, at present
    std::optional<double> rate;
    wait_reason waiting_for = wait_reason::none;
    std::optional<WallTime> not_before;
    breaker_state breaker = breaker_state::closed;
    std::uint64_t failures = 0;  ///< to reach it, in a row
    std::uint32_t back_off_level = 0;
    std::chrono::microseconds latency{0};  ///< until the response header; zero: unknown
    HostOverride override;
};

/// The politeness owed to one host by everybody: how many exchanges may run at a time, how far
/// apart they start, and when it is left alone.
///
/// What a host gets is the lowest of the operator's ceiling, of what the jobs that wait for it ask,
/// and of what it bears (AdaptiveLimit); nothing while it wants to be left alone (BackOff), cannot
/// be reached (Breaker) or is paused by the operator.
///
/// Threads  the one shard that the host's name hashes to
class Host {
public:
    Host(std::string key, const HostPolicy& policy);

    [[nodiscard]] const std::string& key() const noexcept { return key_; }
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    [[nodiscard]] std::size_t free_slots() const noexcept {
        return in_flight_ < limit_ ? limit_ - in_flight_ : 0;
    }
    /// Whether admission depends on more than free slots. Most hosts' does not, and then nobody
    /// has to look at the clock.
    [[nodiscard]] bool restricted() const noexcept { return restricted_; }
    [[nodiscard]] Admission admission(Steady::time_point now) noexcept;

    /// The least that any of the jobs which wait for it asks.
    void set_asked(std::size_t concurrency, double rate);
    void set_override(const HostOverride& override);
    [[nodiscard]] const HostOverride& overriding() const noexcept { return override_; }

    /// A request starts that was admitted.
    void started(Steady::time_point now) noexcept;
    /// It ended. Breaker::effect::probe_failed: who waits for this host has waited in vain.
    Breaker::effect ended(const AttemptSigns& signs);
    /// One ended of which nothing is known and the time was not taken.
    void ended() noexcept { --in_flight_; }

    [[nodiscard]] bool overridden() const noexcept {
        return override_.max_concurrency || override_.max_rate || override_.paused;
    }
    /// When back-off and breaker have run out.
    [[nodiscard]] Steady::time_point free_from() const noexcept {
        return std::max(
            back_off_.until(), breaker_.closed() ? Steady::time_point{} : breaker_.until()
        );
    }
    /// When the next request may start, going by the rate alone.
    [[nodiscard]] Steady::time_point paced_until() const noexcept {
        return pace_.limited() ? pace_.next() : Steady::time_point{};
    }
    /// The time between two starts that its rate asks for; zero without one.
    [[nodiscard]] std::chrono::nanoseconds spacing() const noexcept { return pace_.interval(); }
    /// Forgets all that was learned of it; the operator's word stays.
    void unlearn();

    /// Whether there is something new to remember over a restart; asked once.
    [[nodiscard]] bool take_changed() noexcept { return std::exchange(changed_, false); }
    [[nodiscard]] HostRecord record(const Clock& clock) const;
    void restore(const HostRecord& record, const Clock& clock);
    [[nodiscard]] HostStatus status(const Clock& clock);

private:
    void settle();
    void learn(const AttemptSigns& signs, bool& changed) noexcept;

    std::string key_;
    HostPolicy policy_;
    HostOverride override_;
    std::size_t asked_concurrency_;
    double asked_rate_ = 0;
    AdaptiveLimit bears_;
    BackOff back_off_;
    Breaker breaker_;
    StartPace pace_;
    double rate_ = 0;
    std::size_t limit_;
    std::size_t in_flight_ = 0;
    bool restricted_ = false;
    bool changed_ = false;
};

}  // namespace fanfetch
