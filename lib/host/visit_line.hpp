#pragma once

#include "base/time.hpp"
#include "host/host.hpp"

#include <chrono>
#include <cstddef>
#include <optional>

namespace fanfetch {

/// The line before a host of those whose item is another's: redirects lead them there, or they ask
/// for its robots.txt. Each of them holds a permit of its job, so nobody stands there for long:
/// whoever could not start soon is given an appointment, and does other things until then.
///
/// Appointments are apart as the host's rate wants it, and never more than a hundred a second, so
/// that those who come back do not come all at once.
///
/// Threads  its owner's
class VisitLine {
public:
    static constexpr std::chrono::seconds longest_wait{1};
    static constexpr std::chrono::milliseconds least_gap{10};
    static constexpr std::chrono::minutes next_look{1};  ///< at a host of which nothing is known

    /// Whether somebody with `ahead` others before him may stand in line; if not, when he may
    /// come. `spacing` is the time between two starts, zero where there is no rate.
    [[nodiscard]] std::optional<Steady::time_point> appointment(
        const Admission& admission, std::size_t ahead, std::chrono::nanoseconds spacing,
        bool closed, Steady::time_point now
    ) noexcept;

private:
    Steady::time_point last_{};  // the latest appointment that was given
};

}  // namespace fanfetch
