#pragma once

#include "base/failure.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

namespace fanfetch {

/// Where a job stands; the numbers are stored.
enum class job_state : std::uint8_t {
    pending = 0,
    running = 1,
    paused = 2,
    cancelling = 3,
    completed = 4,
    cancelled = 5,
    expired = 6,
    failed = 7,
};

/// Where an item stands; the numbers are stored.
enum class item_state : std::uint8_t {
    queued = 0,
    waiting = 1,
    running = 2,
    succeeded = 3,
    failed = 4,
    skipped = 5,
    cancelled = 6,
};

/// Why a job ended or is ending as it does; the numbers are stored.
enum class state_reason : std::uint8_t {
    none = 0,
    by_user = 1,
    client_gone = 2,
    upload_aborted = 3,
    deadline = 4,
    quota = 5,
    error_budget = 6,
    internal = 7,
};

/// What keeps an item from being fetched right now.
enum class wait_reason : std::uint8_t {
    none,
    host_rate,         ///< the host's next turn has not come
    host_concurrency,  ///< the host has all it bears, or is paused
    retry,             ///< the pause before the next attempt
    retry_after,       ///< the host asked to be left alone
    robots,            ///< what robots may do there is being asked
    breaker,           ///< the host cannot be reached
    quota,             ///< the tenant has all it may
};

[[nodiscard]] constexpr bool is_done(job_state state) noexcept {
    return state >= job_state::completed;
}
[[nodiscard]] constexpr bool is_terminal(item_state state) noexcept {
    return state >= item_state::succeeded;
}

[[nodiscard]] std::string_view to_string(job_state state) noexcept;
[[nodiscard]] std::string_view to_string(item_state state) noexcept;
[[nodiscard]] std::string_view to_string(state_reason reason) noexcept;
[[nodiscard]] std::string_view to_string(wait_reason reason) noexcept;

/// The state of that name; nullopt when there is none.
[[nodiscard]] std::optional<job_state> parse_job_state(std::string_view text) noexcept;
[[nodiscard]] std::optional<item_state> parse_item_state(std::string_view text) noexcept;

/// The code that the items cancelled for `reason` carry: `cancelled.` and the same word.
[[nodiscard]] failure_code cancellation_code(state_reason reason) noexcept;

/// What a job's recorded results add up to. Kept by the store inside the transaction that
/// records them, so that it is exact after a crash.
struct JobTally {
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t skipped = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t bytes_received = 0;                 ///< of bodies, as they came over the network
    std::map<std::uint32_t, std::uint64_t> failures;  ///< code, or code << 16 | status, -> items
    std::map<std::uint16_t, std::uint64_t> statuses;  ///< HTTP status -> items

    [[nodiscard]] std::uint64_t terminal() const noexcept {
        return succeeded + failed + skipped + cancelled;
    }
    friend bool operator==(const JobTally&, const JobTally&) = default;
};

/// Where every item of a job is right now. Always sums to `total`.
struct ItemCounts {
    std::uint64_t total = 0;
    std::uint64_t queued = 0;
    std::uint64_t waiting = 0;
    std::uint64_t running = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t skipped = 0;
    std::uint64_t cancelled = 0;
};

}  // namespace fanfetch
