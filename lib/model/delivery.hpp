#pragma once

#include "base/failure.hpp"
#include "base/time.hpp"
#include "model/options.hpp"
#include "model/webhook_event.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// Where a delivery stands; the numbers are stored.
enum class delivery_state : std::uint8_t {
    pending = 0,    ///< in the outbox: tried until it succeeds or its time is over
    delivered = 1,  ///< answered with 2xx
    failed = 2,     ///< given up
    dropped = 3,    ///< its callback was removed, or its receiver wants no more
};

[[nodiscard]] std::string_view to_string(delivery_state state) noexcept;
[[nodiscard]] std::optional<delivery_state> parse_delivery_state(std::string_view word) noexcept;

/// What an attempt at a delivery came to. Of the answer no more than this is kept.
struct DeliveryAttempt {
    WallTime at{};
    std::uint16_t status = 0;  ///< 0: there was no answer
    std::uint64_t size = 0;    ///< of the answer, as far as it was read
    failure_code code = failure_code::none;

    friend bool operator==(const DeliveryAttempt&, const DeliveryAttempt&) = default;
};

/// One event on its way to one callback, as the log shows it.
struct DeliveryRecord {
    std::string id;  ///< "msg_…", the `webhook-id` of every attempt
    std::string job_id;
    std::string callback_id;
    std::string tenant;
    webhook_event event = webhook_event::job_completed;
    std::uint32_t run = 1;  ///< which run of the job it tells of
    delivery_state state = delivery_state::pending;
    std::uint32_t attempts = 0;  ///< since it was made, or replayed
    WallTime created_at{};
    std::optional<WallTime> next_attempt_at;
    std::optional<DeliveryAttempt> last;
};

/// What is needed to send one.
struct DueDelivery {
    DeliveryRecord record;
    std::string endpoint;  ///< scheme, host and port, which one limit is for
    std::string payload;
    CallbackOrder order;
};

}  // namespace fanfetch
