#include "auth/request_meter.hpp"

#include <algorithm>
#include <cmath>

namespace fanfetch {

using std::chrono::seconds;

RequestToll RequestMeter::take(
    std::string_view tenant, double requests_per_s, Steady::time_point now
) {
    const std::chrono::duration<double> each{1.0 / requests_per_s};
    RequestToll toll;
    toll.quota = requests_per_s >= 1 ? static_cast<std::uint64_t>(requests_per_s) : 1;
    toll.window = requests_per_s >= 1 ? seconds{1} : std::chrono::ceil<seconds>(each);
    const auto burst =
        std::chrono::duration_cast<Steady::duration>(each * static_cast<double>(toll.quota));
    const auto one = std::chrono::duration_cast<Steady::duration>(each);

    const std::lock_guard lock{mutex_};
    auto& paid_until = paid_until_[std::string{tenant}];
    const auto due = std::max(paid_until, now) + one;
    toll.admitted = due <= now + burst;
    if (toll.admitted) {
        paid_until = due;
    } else {
        toll.wait = std::max(seconds{1}, std::chrono::ceil<seconds>(due - now - burst));
    }
    const auto left = now + burst - std::max(paid_until, now);
    toll.remaining = static_cast<std::uint64_t>(std::max<Steady::rep>(0, left / one));
    toll.reset = std::chrono::ceil<seconds>(std::max(paid_until - now, Steady::duration{0}));
    return toll;
}

}  // namespace fanfetch
