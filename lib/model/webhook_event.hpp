#pragma once

#include "model/state.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fanfetch {

/// What a callback may be told of; the numbers are stored.
enum class webhook_event : std::uint8_t {
    job_completed = 0,
    job_cancelled = 1,
    job_failed = 2,
    job_expired = 3,
    item_succeeded = 4,
    item_failed = 5,
};

/// The words of the API, in the order of the enumerators.
inline constexpr std::array<std::string_view, 6> webhook_event_words{
    "job.completed", "job.cancelled", "job.failed", "job.expired", "item.succeeded", "item.failed"};

[[nodiscard]] constexpr std::string_view to_string(webhook_event event) noexcept {
    return webhook_event_words[static_cast<std::size_t>(event)];
}
[[nodiscard]] std::optional<webhook_event> parse_webhook_event(std::string_view word) noexcept;

/// What the end of a job is called; nullopt when it is no end.
[[nodiscard]] std::optional<webhook_event> event_of(job_state state) noexcept;
/// What the end of an item is called; nullopt when nobody is told of such an end.
[[nodiscard]] std::optional<webhook_event> event_of(item_state state) noexcept;

/// Some of the events.
class EventSet {
public:
    constexpr EventSet() noexcept = default;
    /// As it is stored.
    constexpr explicit EventSet(std::uint8_t bits) noexcept : bits_{bits} {}
    /// Every way a job can end: what a callback gets that does not say.
    [[nodiscard]] static constexpr EventSet endings() noexcept { return EventSet{0x0F}; }

    constexpr void add(webhook_event event) noexcept { bits_ |= bit(event); }
    [[nodiscard]] constexpr bool has(webhook_event event) const noexcept {
        return (bits_ & bit(event)) != 0;
    }
    [[nodiscard]] constexpr bool any_item() const noexcept {
        return has(webhook_event::item_succeeded) || has(webhook_event::item_failed);
    }
    [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
    [[nodiscard]] constexpr std::uint8_t bits() const noexcept { return bits_; }

    friend constexpr bool operator==(EventSet, EventSet) noexcept = default;

private:
    static constexpr std::uint8_t bit(webhook_event event) noexcept {
        return static_cast<std::uint8_t>(1U << static_cast<unsigned>(event));
    }

    std::uint8_t bits_ = 0;
};

}  // namespace fanfetch
