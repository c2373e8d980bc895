#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace fanfetch {

/// What the meter says of one request.
struct RequestToll {
    bool admitted = true;
    std::uint64_t quota = 0;         ///< requests in `window`
    std::chrono::seconds window{1};  ///< the shortest that holds one request
    std::uint64_t remaining = 0;     ///< how many more would be admitted now
    std::chrono::seconds wait{0};    ///< until the next is, rounded up; 1 at least when refused
    std::chrono::seconds reset{0};   ///< until the whole quota is there again, rounded up
};

/// Counts each tenant's requests against its rate: what a second allows may come at once, then they
/// come as they are earned. Who has no rate is not counted.
///
/// Threads  any
/// Source   the generic cell rate algorithm: ITU-T I.371, annex A
class RequestMeter {
public:
    [[nodiscard]] RequestToll take(
        std::string_view tenant, double requests_per_s, Steady::time_point now
    );

private:
    std::mutex mutex_;
    std::unordered_map<std::string, Steady::time_point> paid_until_;  // of tenants of the file
};

}  // namespace fanfetch
