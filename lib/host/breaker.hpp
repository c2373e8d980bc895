#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace fanfetch {

enum class breaker_state : std::uint8_t {
    closed,     ///< everything may pass
    open,       ///< nothing passes until the cooldown is over
    half_open,  ///< one probe passes, and decides
};

[[nodiscard]] std::string_view to_string(breaker_state state) noexcept;

/// Stops asking a host that cannot be reached, and tries again now and then.
///
/// Opens after so many failures in a row to get a connection or an answer over it. After the
/// cooldown one request is let through: an answer of any kind closes the breaker, another failure
/// opens it for a cooldown more.
///
/// Threads  its owner's
class Breaker {
public:
    struct Limits {
        std::uint64_t failures = 10;
        std::chrono::milliseconds cooldown{30'000};
    };
    /// What a failure meant.
    enum class effect : std::uint8_t { none, opened, probe_failed };

    explicit Breaker(Limits limits) noexcept : limits_{limits} {}

    [[nodiscard]] bool closed() const noexcept { return !open_; }
    [[nodiscard]] breaker_state state(Steady::time_point now) const noexcept;
    [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }
    /// The end of the cooldown, while it is not closed.
    [[nodiscard]] Steady::time_point until() const noexcept { return until_; }
    [[nodiscard]] bool probing() const noexcept { return probing_; }
    [[nodiscard]] bool admits(Steady::time_point now) const noexcept {
        return !open_ || (now >= until_ && !probing_);
    }

    void restore(Steady::time_point until) noexcept;
    /// A request begins that `admits` let through.
    void started() noexcept { probing_ = open_; }
    /// An answer came. True when that closed the breaker.
    bool answered() noexcept;
    /// What was asked at `asked` could not be.
    effect failed(Steady::time_point asked, Steady::time_point now) noexcept;
    /// What was asked at `asked` ended without telling anything: it was cancelled.
    void unknown(Steady::time_point asked) noexcept { probing_ = probing_ && asked < until_; }

private:
    Limits limits_;
    bool open_ = false;
    bool probing_ = false;
    std::uint64_t failures_ = 0;  // in a row
    Steady::time_point until_{};
};

}  // namespace fanfetch
