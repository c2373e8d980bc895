#pragma once

#include "fetch/fetcher.hpp"
#include "http/freshness.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace fanfetch {

/// Whether a request may be answered with a stored response, and its own response be kept for
/// others: a plain GET or HEAD. Whoever sends a body, a condition, a range or a word about caches
/// wants to talk to the origin.
///
/// Source  RFC 9111 §4, §5.2.1
[[nodiscard]] bool may_reuse(const FetchOptions& options);

/// For how long the response of an attempt may be used again; nullopt when it is for nobody else:
/// it failed, its body is not stored, it may not be kept or is stale already, or there was a
/// redirect on the way, of which nobody knows for how long it holds.
///
/// `asked_at` is that of the item's first attempt: a body may have come in several. Pure; looks at
/// what `outcome` is before anything is taken out of it.
[[nodiscard]] std::optional<Freshness> freshness_of(
    const FetchOutcome& outcome, WallTime asked_at, WallTime now
);

}  // namespace fanfetch
