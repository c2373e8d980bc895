#include "client/event_reader.hpp"

#include <utility>

namespace fanfetch {

Expected<bool> EventReader::next(ReceivedEvent& event) {
    for (;;) {
        std::string_view line;
        const auto found = lines_.next(line);
        if (!found || !*found) {
            return found;
        }
        if (!line.empty()) {
            take(line);
            if (data_.size() > LineSplitter::longest) {
                return failed(
                    failure_code::http_malformed, "reading the stream: an event has no end"
                );
            }
            continue;
        }
        const bool whole = std::exchange(has_data_, false);
        event.name = std::exchange(name_, {});
        event.data = std::exchange(data_, {});
        event.id = id_;
        if (whole) {
            return true;
        }
    }
}

void EventReader::take(std::string_view line) {
    const auto colon = line.find(':');
    const auto field = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) {
        value.remove_prefix(1);
    }
    if (field == "event") {
        name_ = value;
    } else if (field == "id" && value.find('\0') == std::string_view::npos) {
        id_ = value;
    } else if (field == "data") {
        if (std::exchange(has_data_, true)) {
            data_ += '\n';
        }
        data_ += value;
    }
}

}  // namespace fanfetch
