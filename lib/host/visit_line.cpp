#include "host/visit_line.hpp"

#include <algorithm>

namespace fanfetch {

std::optional<Steady::time_point> VisitLine::appointment(
    const Admission& admission, std::size_t ahead, std::chrono::nanoseconds spacing, bool closed,
    Steady::time_point now
) noexcept {
    constexpr auto forever = Steady::time_point::max();
    if (admission.granted() && ahead == 0) {
        return std::nullopt;
    }
    const bool full = admission.reason == wait_reason::host_concurrency && !closed;
    auto free_from = now;  // of those who are there now, each ends some time
    if (admission.until == forever && !full) {
        free_from = now + next_look;
    } else if (admission.until != forever && !admission.granted()) {
        free_from = std::max(now, admission.until);
    }
    const auto turn = saturating_add(free_from, spacing * static_cast<std::int64_t>(ahead));
    if (turn - now <= longest_wait) {
        return std::nullopt;
    }
    const auto gap = std::max<std::chrono::nanoseconds>(spacing, least_gap);
    last_ = std::max(free_from, saturating_add(std::max(last_, now), gap));
    return last_;
}

}  // namespace fanfetch
