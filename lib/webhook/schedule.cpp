#include "webhook/schedule.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// Soon, since most receivers are away for the time of a deployment; then patiently.
constexpr std::array<std::chrono::seconds, most_delivery_attempts - 1> pauses{
    5s, 60s, 5min, 30min, 2h, 5h, 8h, 8h + 23min + 55s};
constexpr std::chrono::seconds day = 24h;

}  // namespace

std::optional<milliseconds> scheduled_pause(
    std::uint32_t attempt, const DeliverySchedule& schedule
) {
    if (attempt == 0 || attempt > pauses.size()) {
        return std::nullopt;
    }
    const auto share =
        static_cast<double>(pauses[attempt - 1].count()) / static_cast<double>(day.count());
    return milliseconds{std::llround(share * static_cast<double>(schedule.span.count()))};
}

std::optional<milliseconds> pause_before_retry(
    std::uint32_t attempt, std::optional<milliseconds> retry_after,
    const DeliverySchedule& schedule, Random& random
) {
    const auto pause = scheduled_pause(attempt, schedule);
    if (!pause) {
        return std::nullopt;
    }
    const auto most = static_cast<double>(pause->count()) * delivery_jitter;
    const auto spread = static_cast<std::uint64_t>(2 * most);
    const auto drawn = static_cast<double>(random.up_to(spread)) - most;
    const auto jittered = *pause + milliseconds{std::llround(drawn)};
    const auto asked = std::min(retry_after.value_or(0ms), schedule.max_retry_after);
    return std::max({jittered, asked, 0ms});
}

}  // namespace fanfetch
