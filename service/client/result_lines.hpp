#pragma once

#include "client/event_reader.hpp"
#include "client/read_plan.hpp"

#include <string>
#include <string_view>

namespace fanfetch {

/// What one line of a stream of results is.
struct ResultLine {
    bool is_end = false;    ///< the last line of a stream that was followed
    bool job_done = false;  ///< of the last line: nothing more will come
    bool seen = false;      ///< it was there before the connection broke
    std::string text;       ///< for people; empty: nothing to show
};

/// Reads a line and moves `position` on. `fields`, separated by commas, are the members that the
/// text is to show, one tab between each two; empty: those that most people want, in columns.
///
/// Errors   http_malformed: it is no result
[[nodiscard]] Expected<ResultLine> read_result_line(
    std::string_view line, StreamPosition& position, std::string_view fields = {}
);

/// The heading of what `read_result_line` makes for people.
[[nodiscard]] std::string result_heading(std::string_view fields = {});

/// An event for people, or empty when there is nothing to be shown.
[[nodiscard]] std::string event_text(const ReceivedEvent& event);

/// An event for programs: {"event":"item","id":"5","data":{…}}.
[[nodiscard]] std::string event_json(const ReceivedEvent& event);

/// Whether it is the last event of the stream.
[[nodiscard]] bool is_last(const ReceivedEvent& event) noexcept;

}  // namespace fanfetch
