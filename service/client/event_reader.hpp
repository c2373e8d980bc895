#pragma once

#include "client/line_splitter.hpp"

#include <string>
#include <string_view>

namespace fanfetch {

/// One server-sent event as it was received.
struct ReceivedEvent {
    std::string name;
    std::string id;  ///< of this event or of the last one that had any
    std::string data;
};

/// Reads server-sent events from bytes that come in any pieces. What is not complete when the
/// stream ends is not an event.
///
/// Lines end in LF or CRLF, which is what the service sends; a lone CR does not end one.
///
/// Errors   http_malformed for a line or an event of more than LineSplitter::longest bytes
/// Threads  one owner
/// Source   WHATWG HTML §9.2.6
class EventReader {
public:
    void feed(std::string_view piece) { lines_.feed(piece); }

    /// The next event; false when it has not come yet.
    [[nodiscard]] Expected<bool> next(ReceivedEvent& event);

private:
    void take(std::string_view line);

    LineSplitter lines_;
    std::string name_;
    std::string id_;
    std::string data_;
    bool has_data_ = false;
};

}  // namespace fanfetch
