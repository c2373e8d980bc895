#pragma once

#include "base/time.hpp"
#include "http/header_block.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace fanfetch {

/// A complete response and when we had it.
struct ReceivedResponse {
    std::uint16_t status = 0;
    const HeaderBlock* fields = nullptr;
    WallTime asked_at{};     ///< its request was not sent before
    WallTime received_at{};  ///< it was here by then
};

/// How long a response may be used again without asking its origin.
struct Freshness {
    WallTime born_at{};  ///< when the origin made or last confirmed it: its age counts from here
    WallTime fresh_until{};

    friend bool operator==(const Freshness&, const Freshness&) = default;
};

/// The longest that a response without a word about it counts as fresh.
inline constexpr std::chrono::hours longest_heuristic_freshness{24};

/// How long a private cache (one user, so `private` is no obstacle and `s-maxage` means nothing)
/// may use a response again; nullopt when it may not be kept, or is stale already.
///
/// Stricter than the RFC wherever that leaves a choice: only statuses that are cacheable without a
/// word about it are kept; `no-cache` forbids the use of the whole response, whatever fields it
/// names; `must-understand` lifts no `no-store`; `Vary: *` forbids, other `Vary` is the caller's
/// business; a lifetime that cannot be read, or is stated twice and differently, is none. Without
/// `max-age` and `Expires` a response is fresh for a tenth of the time since its `Last-Modified`,
/// up to longest_heuristic_freshness.
///
/// Threads  pure
/// Source   RFC 9111 §3, §4.1, §4.2, §5.1 to §5.3; RFC 9110 §15.1 (statuses)
[[nodiscard]] std::optional<Freshness> freshness_of(const ReceivedResponse& response);

}  // namespace fanfetch
