#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace fanfetch {

/// Until when a host wants to be left alone.
///
/// A Retry-After is waited out in full, up to `longest_retry_after`. Without one a 429 means a
/// pause of our own choosing, which doubles each time the host pushes back again; a 503 means that
/// only from the third in a row on, since a single broken page is not a busy host. Ten good
/// answers in a row take back one doubling. What was asked before the present pause began is part
/// of its cause and does not make it grow.
///
/// Threads  its owner's
/// Source   RFC 6585 §4 (429), RFC 9110 §15.6.4 (503) and §10.2.3 (Retry-After)
class BackOff {
public:
    static constexpr std::chrono::milliseconds first_pause{1'000};
    static constexpr std::chrono::milliseconds longest_pause{60'000};

    explicit BackOff(std::chrono::milliseconds longest_retry_after) noexcept
        : longest_retry_after_{longest_retry_after} {}

    /// The end of the present or last pause.
    [[nodiscard]] Steady::time_point until() const noexcept { return until_; }
    [[nodiscard]] std::uint32_t level() const noexcept { return level_; }

    void restore(Steady::time_point until, std::uint32_t level) noexcept;

    /// The host answered `status` (429 or 503) to what was asked at `asked`. True when the pause
    /// began or became longer.
    bool pushed_back(
        Steady::time_point asked, Steady::time_point now, std::uint16_t status,
        std::optional<std::chrono::milliseconds> retry_after
    ) noexcept;
    /// It answered anything else. True when a doubling was forgiven.
    bool answered() noexcept;

private:
    std::chrono::milliseconds longest_retry_after_;
    Steady::time_point since_{};  // when the present pause began
    Steady::time_point until_{};
    std::uint32_t level_ = 0;
    std::uint32_t unavailable_ = 0;  // 503s in a row
    std::uint32_t good_ = 0;         // good answers in a row
};

}  // namespace fanfetch
