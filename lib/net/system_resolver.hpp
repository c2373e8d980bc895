#pragma once

#include "executor/executor.hpp"
#include "net/flight_resolver.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace fanfetch {

/// How long what the C library said is remembered: it does not tell for how long it holds.
inline constexpr std::chrono::seconds system_answer_ttl{30};

/// Makes a resolver that asks the C library, and so whatever /etc/nsswitch.conf names: /etc/hosts,
/// name servers, a directory. For networks where names are not in the DNS.
///
/// getaddrinfo blocks, so it runs on `threads`. It cannot be told to stop: whoever waits lets go at
/// the deadline, and the thread and the tenant's slot stay taken until it returns. Names are asked
/// for as they stand, without the search list and without aliases of the environment.
///
/// The C library connects a UDP socket to each of several answers in order to sort them, which
/// sends nothing but asks the kernel for a route; it cannot be told not to.
///
/// Errors   of resolve: dns_nxdomain; dns_timeout at the deadline; dns_failure for all else, since
///          the library does not tell a server that failed from one that did not answer
/// Threads  the loop. `threads` outlives the resolver; calls still running when that is destroyed
///          end by themselves
/// Source   getaddrinfo(3), resolver(3)
[[nodiscard]] std::unique_ptr<Resolver> make_system_resolver(
    LoopExecutor loop, Executor& threads, const FlightOptions& options
);

/// One blocking question.
///
/// Threads  any that may block
[[nodiscard]] Expected<Answer> ask_system(const std::string& name);

}  // namespace fanfetch
