#pragma once

#include "base/time.hpp"
#include "model/item.hpp"
#include "model/result.hpp"
#include "model/state.hpp"
#include "model/webhook_event.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace fanfetch {

/// A receiver may rely on it.
inline constexpr std::size_t longest_payload = 20'000;

/// How a job ended, for those who are told.
struct JobEnding {
    std::string job_id;
    job_state state = job_state::completed;
    state_reason reason = state_reason::none;
    std::uint32_t run = 1;
    std::uint64_t total = 0;
    JobTally tally;
    WallTime finished_at{};
};

/// The body of a delivery: `{"type", "timestamp", "data"}`, thin, so that who wants more asks the
/// API for it. Always UTF-8 and never longer than `longest_payload`: what makes it too long (a very
/// long URL, a very long id of the caller's) is left out.
///
/// Threads  pure
/// Source   Standard Webhooks, "Payload structure"
[[nodiscard]] std::string job_payload(webhook_event event, const JobEnding& ending);
[[nodiscard]] std::string item_payload(
    webhook_event event, const std::string& job_id, const Item& item, const ItemResult& result
);

}  // namespace fanfetch
