#pragma once

#include "base/expected.hpp"
#include "base/time.hpp"
#include "coro/loop.hpp"
#include "net/ip_address.hpp"

#include <string>
#include <vector>

namespace fanfetch {

/// What a name server said of a name: every address it gave, judged by nobody yet.
struct Answer {
    std::vector<IpAddress> addresses;
};

/// Asks for the addresses of a name. Only the gate holds one.
///
/// The name is asked for as it stands, absolute: no search list, no aliases, no hosts file. Who
/// calls has seen to it that it is a name to be asked about (see host_policy.hpp).
///
/// Errors   dns_nxdomain (no such name, or it has no address), dns_timeout, dns_failure
/// Threads  the shard it was made for
class Resolver {
public:
    virtual ~Resolver() = default;

    /// Ends by the deadline or by the resolver's own, whichever is sooner. A cancelled caller
    /// lets go at once; the question goes on for whoever else waits for it.
    virtual awaitable<Expected<Answer>> resolve(
        std::string host, Steady::time_point deadline, std::string tenant
    ) = 0;
};

}  // namespace fanfetch
