#pragma once

#include "base/failure.hpp"
#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace fanfetch {

/// What the end of an attempt says about its host.
enum class host_sign : std::uint8_t {
    nothing,      ///< the host had no part in it: cancelled, refused by us, led elsewhere
    answered,     ///< it answered, with whatever status
    pushed_back,  ///< it answered 429 or 503
    struggled,    ///< it did not answer in time, or broke off
    unreachable,  ///< there was no connection to be had
};

/// A name that does not exist and a certificate that does not verify are answers of a kind: each
/// URL gets its own, and neither opens a breaker.
[[nodiscard]] host_sign sign_of(failure_code code, std::uint16_t status) noexcept;

/// One attempt, as far as its host is concerned.
struct AttemptSigns {
    host_sign sign = host_sign::nothing;
    Steady::time_point asked{};  ///< when it began
    Steady::time_point now{};
    std::uint16_t status = 0;
    std::chrono::microseconds first_byte{0};  ///< zero: no response
    std::optional<std::chrono::milliseconds> retry_after;
};

}  // namespace fanfetch
