#include "cli/get_ending.hpp"

#include "base/json_text.hpp"
#include "model/octets.hpp"

#include <fmt/format.h>

#include <string_view>

namespace fanfetch {
namespace {

/// "503 Service Unavailable" of a stored head.
std::string_view status_text(std::string_view head) noexcept {
    const auto line = head.substr(0, head.find("\r\n"));
    const auto space = line.find(' ');
    const auto text = space == std::string_view::npos ? std::string_view{} : line.substr(space + 1);
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string reason_of(const FetchOutcome& outcome) {
    if (outcome.code != failure_code::http_status) {
        return outcome.detail;
    }
    const auto text = status_text(outcome.head);
    return text.empty() ? fmt::format("HTTP {}", outcome.status) : fmt::format("HTTP {}", text);
}

/// As it can stand on one line of a terminal: the escapes of JSON but for those of the quotation
/// marks, since there are none around it.
std::string one_line(std::string_view text) {
    constexpr std::size_t longest = 2000;
    std::string quoted;
    append_json_string(quoted, cut_utf8(text, longest));
    std::string line;
    for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
        const bool escaped_mark = quoted[i] == '\\' && quoted[i + 1] == '"';
        const bool escaped_escape = quoted[i] == '\\' && quoted[i + 1] == '\\';
        line += escaped_mark ? '"' : quoted[i];
        i += escaped_mark || escaped_escape ? 1 : 0;
    }
    return line;
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
    out.append(",\"").append(name).append("\":");
    append_json_string(out, text);
}

void append_text_unless_empty(std::string& out, std::string_view name, std::string_view text) {
    if (!text.empty()) {
        append_text(out, name, text);
    }
}

}  // namespace

item_end end_of(failure_code code, std::uint16_t status) noexcept {
    constexpr std::uint16_t not_found = 404;
    if (code == failure_code::none) {
        return item_end::ok;
    }
    return code == failure_code::http_status && status == not_found ? item_end::not_found
                                                                    : item_end::error;
}

void describe(GetEnding& ending, const FetchOutcome& outcome) {
    ending.end = end_of(outcome.code, outcome.status);
    ending.status = outcome.status;
    ending.final_url = outcome.final_url;
    ending.content_type = outcome.content_type;
    ending.size = outcome.size;
    ending.sha256 = outcome.sha256;
    if (outcome.code != failure_code::none) {
        ending.code = dotted(outcome.code, outcome.status);
        ending.reason = reason_of(outcome);
    }
}

void fail(GetEnding& ending, const Failure& failure) {
    ending.end = item_end::error;
    ending.code = dotted(failure.code, failure.http_status);
    ending.reason = failure.detail;
}

std::string json_line(const GetEnding& ending) {
    auto out = fmt::format("{{\"index\":{}", ending.index);
    if (ending.line != 0) {
        out += fmt::format(",\"line\":{}", ending.line);
    }
    append_text(out, "url", ending.url);
    append_text(out, "outcome", to_string(ending.end));
    if (ending.status != 0) {
        out += fmt::format(",\"status\":{}", ending.status);
    }
    append_text_unless_empty(out, "final_url", ending.final_url);
    append_text_unless_empty(out, "content_type", ending.content_type);
    append_text_unless_empty(out, "file", ending.file);
    if (ending.end == item_end::ok) {
        out += fmt::format(",\"size\":{}", ending.size);
    }
    if (ending.end == item_end::ok && ending.sha256) {
        const auto* const octets = reinterpret_cast<const char*>(ending.sha256->data());
        append_text(out, "sha256", to_hex({octets, ending.sha256->size()}));
    }
    out +=
        fmt::format(",\"attempts\":{},\"elapsed_ms\":{}", ending.attempts, ending.elapsed.count());
    if (!ending.code.empty()) {
        out += ",\"error\":{\"code\":";
        append_json_string(out, ending.code);
        append_text(out, "detail", ending.reason);
        out += '}';
    }
    return out += "}\n";
}

std::string failure_line(const GetEnding& ending) {
    const std::string_view kind = ending.end == item_end::not_found ? "not found" : "error";
    auto out = fmt::format("{}: ", kind);
    if (ending.line != 0 && ending.attempts == 0) {
        out += fmt::format("line {}: ", ending.line);
    }
    if (!ending.url.empty()) {
        out += one_line(ending.url) + ": ";
    }
    out += one_line(ending.reason);
    if (ending.status == 0) {
        out += fmt::format(" ({})", ending.code);
    }
    return out += '\n';
}

std::string json_summary(
    const BatchCounts& counts, std::chrono::milliseconds elapsed, std::uint64_t bytes
) {
    return fmt::format(
        "{{\"summary\":{{\"total\":{},\"ok\":{},\"not_found\":{},\"error\":{},\"cancelled\":{},"
        "\"bytes\":{},\"elapsed_ms\":{}}}}}\n",
        counts.total(), counts.ok, counts.not_found, counts.error, counts.cancelled, bytes,
        elapsed.count()
    );
}

exit_code exit_code_of(const BatchCounts& counts, bool interrupted) noexcept {
    if (interrupted) {
        return exit_interrupted;
    }
    return counts.ok == counts.total() ? exit_ok : exit_some_failed;
}

}  // namespace fanfetch
