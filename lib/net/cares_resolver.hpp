#pragma once

#include "base/expected.hpp"
#include "net/dns_cache.hpp"
#include "net/resolver.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace fanfetch {

/// How a CaresResolver asks.
struct CaresOptions {
    std::vector<std::string> servers{};        ///< `dns.servers`: "192.0.2.1", "[::1]:53"; empty:
                                               ///< those of /etc/resolv.conf
    std::chrono::milliseconds timeout{5'000};  ///< `dns.timeout`, for a name, whatever is tried
    std::size_t tenant_slots = 256;            ///< names a tenant may have asked about at once
    std::size_t cached_names = 10'000;
};

/// Makes a resolver that asks name servers from the loop itself: nothing blocks and no thread
/// waits.
///
/// IPv4 and IPv6 addresses are asked for together; once the IPv4 ones are there, the others have 50
/// ms more. Single flight, slots and cache are make_flight_resolver's.
///
/// Errors   request_invalid for a server that is not an address; internal when c-ares cannot start
/// Threads  the loop; destroyed when nobody awaits it any more, before the loop
/// Source   RFC 8305 §3 (the 50 ms)
[[nodiscard]] Expected<std::unique_ptr<Resolver>> make_cares_resolver(
    LoopExecutor loop, const CaresOptions& options
);

}  // namespace fanfetch
