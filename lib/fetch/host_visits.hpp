#pragma once

#include "base/time.hpp"
#include "coro/loop.hpp"
#include "model/state.hpp"
#include "url/url.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace fanfetch {

struct FetchOutcome;

/// Why a host does not have somebody now, and when it is worth coming again.
struct NotAdmitted {
    wait_reason reason = wait_reason::none;
    Steady::time_point until{};
};

/// The hosts that one attempt is with, one after the other. It begins with the one that admitted
/// its item; where a redirect leads to another, that one is asked too, and meanwhile none is held.
///
/// Threads  the shard of the attempt
class HostVisits {
public:
    virtual ~HostVisits() = default;

    /// Whether the URL is at another host than the attempt is with.
    [[nodiscard]] virtual bool elsewhere(const Url& to) const = 0;

    /// The exchange with the present host is over: it answered `status`, and its header came
    /// `first_byte` after the request.
    virtual void leave(std::uint16_t status, std::chrono::microseconds first_byte) = 0;

    /// Waits until the host of `to` has a place. When that cannot be soon, or the attempt has been
    /// cancelled, the attempt is with no host.
    virtual awaitable<std::optional<NotAdmitted>> enter(const Url& to) = 0;

    /// The attempt is over; what it came to is news of the host that it was with last.
    virtual void end(const FetchOutcome& outcome) = 0;
};

}  // namespace fanfetch
