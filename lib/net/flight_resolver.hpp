#pragma once

#include "net/name_source.hpp"
#include "net/resolver.hpp"

#include <chrono>
#include <cstddef>
#include <memory>

namespace fanfetch {

/// How names are asked for, whoever answers.
struct FlightOptions {
    std::chrono::milliseconds timeout{5'000};  ///< for a name, whatever is tried
    std::size_t tenant_slots = 256;            ///< names a tenant may have asked about at once
    std::size_t cached_names = 10'000;
};

/// A resolver over a source.
///
/// A name that is being asked about is not asked about twice: whoever comes later joins. A tenant
/// whose slots are taken waits for one, first come first served, within its deadline; a slot is
/// free again when the source has answered. Answers are remembered as DnsCache says.
///
/// Threads  the loop; destroyed when nobody awaits it any more, before the loop
[[nodiscard]] std::unique_ptr<Resolver> make_flight_resolver(
    LoopExecutor loop, std::unique_ptr<NameSource> source, const FlightOptions& options
);

}  // namespace fanfetch
