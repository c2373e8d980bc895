#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstddef>

namespace fanfetch {

/// How many exchanges at a time a host bears, judged by how it answers.
///
/// Begins at the ceiling. A sign of trouble halves it, answers that come far later than they used
/// to take a fifth, and every round of good answers adds one. Trouble met by a request that was on
/// its way before the last cut says nothing new and is passed over. Only delays that people would
/// notice count as late: the milliseconds of a fast server come and go with our own load.
///
/// Units    exchanges in progress; latencies from the request to the whole response header
/// Threads  its owner's
/// Source   additive increase, multiplicative decrease: Chiu and Jain, Computer Networks 17 (1989);
///          the comparison of a short with a long average: the Gradient2 limit of Netflix's
///          concurrency-limits
class AdaptiveLimit {
public:
    explicit AdaptiveLimit(std::size_t ceiling) noexcept;

    /// At least one, at most the ceiling.
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    [[nodiscard]] std::size_t ceiling() const noexcept { return ceiling_; }
    /// What answers take at present; zero: nothing is known.
    [[nodiscard]] std::chrono::microseconds latency() const noexcept { return latest_; }

    void set_ceiling(std::size_t ceiling) noexcept;
    /// As it was before a restart.
    void restore(std::size_t limit) noexcept;

    /// A good answer to a request made at `asked`. True when the limit was cut.
    bool answered(
        Steady::time_point asked, Steady::time_point now, std::chrono::microseconds first_byte
    ) noexcept;
    /// The host refused or did not answer in time. True when the limit was cut.
    bool struggled(Steady::time_point asked, Steady::time_point now) noexcept;

private:
    bool cut(double factor, Steady::time_point now) noexcept;
    [[nodiscard]] bool late(std::chrono::microseconds average) noexcept;

    std::size_t ceiling_;
    std::size_t limit_;
    std::size_t good_ = 0;  // answers since the last change
    Steady::time_point last_cut_{};
    std::size_t seen_ = 0;                 // answers in the present window
    std::chrono::microseconds sum_{0};     // of their latencies
    std::chrono::microseconds latest_{0};  // average of the last window
    std::chrono::microseconds usual_{0};   // slow average of the windows
};

}  // namespace fanfetch
