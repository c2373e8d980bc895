#pragma once

#include <string>
#include <string_view>

namespace fanfetch {

/// The value of Content-Type that goes with what is written here.
inline constexpr std::string_view event_stream_type = "text/event-stream";

/// One server-sent event. What is empty is left out.
struct ServerEvent {
    std::string_view name{};
    std::string_view id{};  ///< what a client that comes back says in Last-Event-ID
    std::string_view data{};
};

/// Appends one event. Data may be any text: each of its lines becomes a line of its own, so that
/// nothing in it can end the event or begin a field.
///
/// Errors  std::logic_error when name or id hold a line's end or NUL; `out` is unchanged
/// Source  WHATWG HTML §9.2.6
void append_event(std::string& out, const ServerEvent& event);

/// Appends a comment, which clients pass over: it keeps the connection from looking dead.
void append_heartbeat(std::string& out);

/// Appends how soon a client should come back when the connection ends.
void append_reconnection_time(std::string& out, int milliseconds);

}  // namespace fanfetch
