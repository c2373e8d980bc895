#include "base/log.hpp"

#include "base/json_text.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <utility>

#include <unistd.h>

namespace fanfetch {
namespace {

constexpr std::string_view word(log_level level) noexcept {
    return log_level_words[static_cast<std::size_t>(level)];
}

/// What needs no quotes in a line for people.
bool is_bare(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '=';
    });
}

struct ValueWriter {
    std::string& out;
    bool bare_strings;

    void operator()(std::string_view text) const {
        if (bare_strings && is_bare(text)) {
            out += text;
        } else {
            append_json_string(out, text);
        }
    }
    void operator()(bool truth) const { out += truth ? "true" : "false"; }
    void operator()(double number) const { append_json_number(out, number); }
    void operator()(std::integral auto number) const { out += std::to_string(number); }
};

bool is_json(log_format format) noexcept {
    if (format == log_format::automatic) {
        return ::isatty(STDERR_FILENO) == 0;
    }
    return format == log_format::json;
}

}  // namespace

Logger::Logger(log_level least, log_format format, const Clock& clock)
    : Logger{std::make_shared<spdlog::sinks::stderr_sink_mt>(), least, format, clock} {}

Logger::Logger(
    std::shared_ptr<spdlog::sinks::sink> sink, log_level least, log_format format,
    const Clock& clock
)
    : least_{least},
      json_{is_json(format)},
      clock_{clock},
      out_{std::make_shared<spdlog::logger>("fanfetch", std::move(sink))} {
    out_->set_pattern("%v");  // the line is made here, whole
    out_->set_level(spdlog::level::trace);
    out_->flush_on(spdlog::level::trace);
    out_->set_error_handler([](const std::string&) {});  // nobody is left to tell
}

void Logger::write(log_level level, std::string_view event, Fields fields) {
    if (!wants(level)) {
        return;
    }
    const auto line = json_ ? json_log_line(clock_.wall(), level, event, fields)
                            : text_log_line(clock_.wall(), level, event, fields);
    out_->log(spdlog::level::info, spdlog::string_view_t{line});
}

std::string json_log_line(
    WallTime time, log_level level, std::string_view event, Logger::Fields fields
) {
    std::string line = R"({"time":")";
    line.append(to_rfc3339(time)).append(R"(","level":")").append(word(level));
    line.append(R"(","event":)");
    append_json_string(line, event);
    for (const auto& field : fields) {
        line.append(",\"").append(field.name).append("\":");
        std::visit(ValueWriter{line, false}, field.value);
    }
    line += '}';
    return line;
}

std::string text_log_line(
    WallTime time, log_level level, std::string_view event, Logger::Fields fields
) {
    constexpr std::size_t level_width = 6;  // the longest name and a space, so that events align
    std::string line = to_rfc3339(time) + ' ';
    const auto name = word(level);
    line.append(name).append(level_width - name.size(), ' ').append(event);
    for (const auto& field : fields) {
        line.append(" ").append(field.name).append("=");
        std::visit(ValueWriter{line, true}, field.value);
    }
    return line;
}

std::string redact_url(std::string_view url) {
    constexpr std::size_t longest = 512;
    url = url.substr(0, url.find_first_of("?#"));
    const auto scheme_end = url.find("://");
    const auto authority = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
    const auto authority_end = std::min(url.find_first_of("/\\", authority), url.size());
    // Up to the last @: a password may hold one.
    const auto at = url.substr(authority, authority_end - authority).rfind('@');
    std::string text{url.substr(0, authority)};
    text += url.substr(at == std::string_view::npos ? authority : authority + at + 1);
    return std::string{cut_utf8(text, longest)};
}

}  // namespace fanfetch
