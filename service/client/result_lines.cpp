#include "client/result_lines.hpp"

#include "base/json_text.hpp"
#include "client/api_answer.hpp"
#include "client/job_view.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace fanfetch {
namespace {

namespace json = boost::json;

constexpr std::string_view row = "{:>8}  {:<9}  {:>6}  {:>12}  {}{}\n";

const json::value* find(const json::object& object, std::string_view name) {
    const auto* const member = object.if_contains(name);
    return member == nullptr || member->is_null() ? nullptr : member;
}

std::string text_of(const json::object& object, std::string_view name) {
    const auto* const member = find(object, name);
    return member == nullptr || !member->is_string()
               ? std::string{}
               : terminal_text({member->get_string().data(), member->get_string().size()});
}

std::optional<std::uint64_t> number_of(const json::object& object, std::string_view name) {
    const auto* const member = find(object, name);
    json::error_code error;
    if (member == nullptr || !member->is_number()) {
        return std::nullopt;
    }
    const auto number = member->to_number<std::uint64_t>(error);
    return error ? std::nullopt : std::optional{number};
}

std::string number_text(const json::object& object, std::string_view name) {
    const auto number = number_of(object, name);
    return number ? std::to_string(*number) : "-";
}

std::string row_of(const json::object& result) {
    std::string why;
    if (const auto* const error = find(result, "error"); error != nullptr && error->is_object()) {
        why = "  " + text_of(error->get_object(), "code");
    }
    return fmt::format(
        fmt::runtime(row), number_text(result, "index"), text_of(result, "state"),
        number_text(result, "status"), number_text(result, "size"), text_of(result, "url"), why
    );
}

/// JSON lets DEL and the C1 controls stand as they are; a terminal may act on them.
std::string without_controls(const std::string& document) {
    std::string out;
    for (std::size_t i = 0; i < document.size(); ++i) {
        const auto byte = static_cast<unsigned char>(document[i]);
        const auto next =
            i + 1 < document.size() ? static_cast<unsigned char>(document[i + 1]) : 0U;
        if (byte == 0x7F) {
            out += "\\u007f";
        } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {
            out += fmt::format("\\u{:04x}", next);
            ++i;
        } else {
            out += document[i];
        }
    }
    return out;
}

/// Calls `visit` with each of the names in a list with commas.
template <class Visit>
void for_each_field(std::string_view fields, Visit visit) {
    for (std::size_t at = 0; at <= fields.size();) {
        const auto end = std::min(fields.find(',', at), fields.size());
        visit(fields.substr(at, end - at));
        at = end + 1;
    }
}

/// A member as one word for a shell: an error is its code, what is not there a hyphen.
std::string field_text(const json::object& result, std::string_view name) {
    const auto* member = find(result, name);
    if (member == nullptr) {
        return "-";
    }
    if (name == "error" && member->is_object()) {
        member = find(member->get_object(), "code");
    }
    if (member != nullptr && member->is_string()) {
        return terminal_text({member->get_string().data(), member->get_string().size()});
    }
    return member == nullptr ? "-" : without_controls(json::serialize(*member));
}

std::string fields_of(const json::object& result, std::string_view fields) {
    std::string line;
    for_each_field(fields, [&](std::string_view name) {
        line += (line.empty() ? "" : "\t") + field_text(result, name);
    });
    return line + '\n';
}

bool is_terminal(std::string_view state) noexcept {
    constexpr std::array<std::string_view, 4> terminal{
        "completed", "cancelled", "expired", "failed"};
    return std::ranges::find(terminal, state) != terminal.end();
}

/// Whether a result was seen before; moves the position behind it.
bool pass(const json::object& result, StreamPosition& position) {
    const auto seq = number_of(result, "seq");
    const auto index = number_of(result, "index");
    const bool seen = position.index && index && *index <= *position.index;
    if (seq) {
        position.seq = std::max(position.seq, *seq);
    }
    if (position.by_index && !seen) {
        position.index = index;
    }
    return seen;
}

std::string progress_text(const json::object& data) {
    const auto* const counts = find(data, "counts");
    if (counts == nullptr || !counts->is_object()) {
        return {};
    }
    std::uint64_t ended = 0;
    for (const auto* const end : {"succeeded", "failed", "skipped", "cancelled"}) {
        ended += number_of(counts->get_object(), end).value_or(0);
    }
    return fmt::format(
        "progress {}/{} items, {} bytes\n", ended, number_text(counts->get_object(), "total"),
        number_text(data, "bytes_received")
    );
}

}  // namespace

Expected<ResultLine> read_result_line(
    std::string_view line, StreamPosition& position, std::string_view fields
) {
    json::error_code error;
    const auto value = json::parse(line, error);
    const auto* const object = error ? nullptr : value.if_object();
    if (object == nullptr) {
        return failed(failure_code::http_malformed, "reading the results: a line is no result");
    }
    ResultLine result;
    if (find(*object, "end") != nullptr) {
        result.is_end = true;
        result.job_done = is_terminal(text_of(*object, "state"));
        return result;
    }
    result.seen = pass(*object, position);
    result.text = fields.empty() ? row_of(*object) : fields_of(*object, fields);
    return result;
}

std::string result_heading(std::string_view fields) {
    if (!fields.empty()) {
        std::string heading{fields};
        std::ranges::replace(heading, ',', '\t');
        return heading + '\n';
    }
    return fmt::format(fmt::runtime(row), "INDEX", "STATE", "STATUS", "SIZE", "URL", "");
}

std::string event_text(const ReceivedEvent& event) {
    json::error_code error;
    const auto value = json::parse(event.data, error);
    const auto* const data = error ? nullptr : value.if_object();
    if (data == nullptr) {
        return {};
    }
    if (event.name == "item") {
        return "item " + row_of(*data);
    }
    if (event.name == "progress") {
        return progress_text(*data);
    }
    const auto job = read_job(event.data);
    return job ? job_line(*job) + '\n' : std::string{};
}

std::string event_json(const ReceivedEvent& event) {
    std::string line = "{\"event\":";
    append_json_string(line, event.name);
    line += ",\"id\":";
    append_json_string(line, event.id);
    line += ",\"data\":";
    json::error_code error;
    const auto data = json::parse(event.data, error);
    line += error ? "null" : without_controls(json::serialize(data));
    line += "}\n";
    return line;
}

bool is_last(const ReceivedEvent& event) noexcept {
    return event.name == "job" && event.id.ends_with(".end");
}

}  // namespace fanfetch
