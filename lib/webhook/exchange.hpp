#pragma once

#include "fetch/fetcher.hpp"
#include "model/delivery.hpp"
#include "model/options.hpp"

#include <chrono>
#include <cstdint>

namespace fanfetch {

/// Of an answer no more than this is read; what follows is nobody's business.
inline constexpr std::uint64_t longest_webhook_answer = 64U << 10U;

/// The request of one attempt, signed at `now`: a POST that follows no redirect, asks for no coding
/// and ends within `timeout`.
///
/// Threads  pure
/// Source   Standard Webhooks, "Webhook headers"
[[nodiscard]] FetchOptions webhook_request(
    const DueDelivery& delivery, WallTime now, std::chrono::milliseconds timeout
);

/// What an answer means.
enum class webhook_verdict : std::uint8_t {
    delivered,   ///< 2xx
    failed,      ///< anything else, a redirect included: tried again later
    gone,        ///< 410: the receiver wants no more
    stale_line,  ///< a kept connection died before an answer came: tried again at once
    stopped,     ///< we are shutting down: as if it had not been tried
};

/// The status decides once it is there, whatever becomes of the body behind it.
///
/// Threads  pure
[[nodiscard]] webhook_verdict judge(const FetchOutcome& outcome);

}  // namespace fanfetch
