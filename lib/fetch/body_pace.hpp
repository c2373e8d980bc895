#pragma once

#include "base/failure.hpp"
#include "base/time.hpp"
#include "model/options.hpp"

#include <cstdint>

namespace fanfetch {

/// By when the next piece of a body has to come, and what is wrong if it does not: the pause is too
/// long, or too little came over a span of time, whichever is sooner.
///
/// A span begins anew as soon as its bytes are there, so that a body which is never too slow meets
/// each in time, and one that is too slow for twice the span does not.
///
/// Units    `received`: bytes as they came over the network, since any fixed moment
/// Threads  its exchange's
class BodyPace {
public:
    struct Limit {
        failure_code code = failure_code::timeout_idle;
        Steady::time_point until{};
    };

    explicit BodyPace(const Timeouts& timeouts) noexcept : timeouts_{timeouts} {}

    /// The header is complete.
    void begin(Steady::time_point at, std::uint64_t received) noexcept;
    /// The limit for what comes next.
    [[nodiscard]] Limit next(Steady::time_point at, std::uint64_t received) noexcept;

private:
    const Timeouts& timeouts_;
    std::uint64_t quota_ = 0;        // what has to be received...
    Steady::time_point span_end_{};  // ...by then
};

}  // namespace fanfetch
