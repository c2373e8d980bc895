#pragma once

#include "api/context.hpp"
#include "job/job_snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// Where a client of the events of a job goes on: behind the result `seq`; `at_end` when it has
/// seen the closing event, too.
struct EventPosition {
    std::uint64_t seq = 0;
    bool at_end = false;

    friend bool operator==(const EventPosition&, const EventPosition&) = default;
};

/// The id of an event, and back: "17", or "17.end" for the closing one. nullopt for what is no id
/// of ours.
[[nodiscard]] std::string event_id(EventPosition position);
[[nodiscard]] std::optional<EventPosition> parse_event_id(std::string_view text) noexcept;

/// Appends the data of a progress event.
void append_progress(std::string& out, const JobSnapshot& job, WallTime now);

/// What one client wants of the events of a job.
struct EventOrder {
    std::string job_id;
    std::string tenant;
    std::uint64_t after = 0;  ///< results beyond this seq
    bool items = true;
};

/// Streams `item`, `progress` and at last `job`. Rows are read from the store a few at a time, so
/// that a reader costs the same memory however slow it is and however far behind.
///
/// When the service ends first, the last event is `interrupted`; like that of an item its id says
/// where to go on.
[[nodiscard]] StreamProducer event_stream(ApiContext& context, EventOrder order);

}  // namespace fanfetch
