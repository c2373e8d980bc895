#include "http/event_stream.hpp"

#include <stdexcept>

namespace fanfetch {
namespace {

using namespace std::string_view_literals;

void check_field(std::string_view value) {
    if (value.find_first_of("\r\n\0"sv) != std::string_view::npos) {
        throw std::logic_error{"writing an event: a line's end in its name or id"};
    }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\n");
}

/// Each line of the data as a field of its own; CR, LF and CR LF end one.
void append_data(std::string& out, std::string_view data) {
    for (;;) {
        const auto end = data.find_first_of("\r\n"sv);
        append_field(out, "data", data.substr(0, end));
        if (end == std::string_view::npos) {
            return;
        }
        data.remove_prefix(end + (data.substr(end).starts_with("\r\n"sv) ? 2 : 1));
    }
}

}  // namespace

void append_event(std::string& out, const ServerEvent& event) {
    check_field(event.name);
    check_field(event.id);
    if (!event.name.empty()) {
        append_field(out, "event", event.name);
    }
    if (!event.id.empty()) {
        append_field(out, "id", event.id);
    }
    if (!event.data.empty()) {
        append_data(out, event.data);
    }
    out += '\n';
}

void append_heartbeat(std::string& out) {
    out += ":\n\n";
}

void append_reconnection_time(std::string& out, int milliseconds) {
    append_field(out, "retry", std::to_string(milliseconds));
    out += '\n';
}

}  // namespace fanfetch
