#pragma once

#include "fetch/host_visits.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace fanfetch {

struct HostQueue;

/// What a visitor's job asks of any one host: exchanges at a time, and requests a second (0: any).
using VisitWish = std::pair<std::size_t, double>;

/// Somebody who wants one exchange with a host that is not his item's.
///
/// Threads  `told` is called on the host's shard, once; all else belongs to that shard after
///          Dispatcher::arrive
struct HostVisitor {
    enum class stage : std::uint8_t { in_line, inside, gone };

    std::string host_key;
    VisitWish wish;
    std::function<void(std::optional<NotAdmitted>)> told;

    HostQueue* host = nullptr;
    stage at = stage::in_line;
};

}  // namespace fanfetch
