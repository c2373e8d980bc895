#pragma once

#include "base/byte_size.hpp"
#include "base/time.hpp"

#include <atomic>
#include <cstdint>
#include <optional>

namespace fanfetch {

/// What all bodies together may receive in a second (`egress.bandwidth`).
///
/// Whoever received something books the time that it takes at this rate, behind what others have
/// booked, and reads on when that is over; so every body gets on at the pace at which it asks, and
/// none waits for another's end. Up to `slack` may come at once.
///
/// Units    bytes, bytes per second
/// Threads  any
/// Source   the generic cell rate algorithm, ITU-T I.371
class Bandwidth {
public:
    static constexpr std::chrono::milliseconds slack{100};

    /// Without a rate nothing is ever waited for.
    explicit Bandwidth(std::optional<ByteSize> per_second) noexcept
        : per_second_{per_second ? per_second->bytes : 0} {}

    [[nodiscard]] bool limited() const noexcept { return per_second_ > 0; }

    /// Books `bytes` that came at `now`; when more may be read.
    [[nodiscard]] Steady::time_point book(std::uint64_t bytes, Steady::time_point now) noexcept;

private:
    std::uint64_t per_second_;
    std::atomic<Steady::rep> booked_until_{0};
};

}  // namespace fanfetch
