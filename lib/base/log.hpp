#pragma once

#include "base/time.hpp"

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace spdlog {
class logger;
namespace sinks {
class sink;
}
}  // namespace spdlog

namespace fanfetch {

enum class log_level : std::uint8_t { debug, info, warn, error, off };

/// How a line is written: for people, or one JSON object; `automatic` is text on a terminal.
enum class log_format : std::uint8_t { automatic, text, json };

/// One named value of a log line. It refers to the text it is given, which must outlive the call.
struct LogField {
    using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

    LogField(std::string_view field, std::string_view text) : name{field}, value{text} {}
    LogField(std::string_view field, const char* text) : LogField{field, std::string_view{text}} {}
    LogField(std::string_view field, const std::string& text)
        : LogField{field, std::string_view{text}} {}
    LogField(std::string_view field, std::same_as<bool> auto truth) : name{field}, value{truth} {}
    LogField(std::string_view field, std::floating_point auto number)
        : name{field}, value{static_cast<double>(number)} {}
    template <std::signed_integral Number>
    LogField(std::string_view field, Number number)
        : name{field}, value{static_cast<std::int64_t>(number)} {}
    template <std::unsigned_integral Number>
        requires(!std::same_as<Number, bool>)
    LogField(std::string_view field, Number number)
        : name{field}, value{static_cast<std::uint64_t>(number)} {}

    std::string_view name;
    Value value;
};

/// Writes events: a constant name and typed fields, one line each.
///
///     log.warn("fetch_failed", {{"job", id}, {"item", n}, {"code", dotted(code)}});
///
/// Whatever bytes a value holds, no control character leaves here (see append_json_string). A line
/// that cannot be written is dropped; it never fails the caller.
///
/// Threads  any thread; a line is written whole
class Logger {
public:
    using Fields = std::initializer_list<LogField>;

    /// Writes to stderr; stdout belongs to what the program was asked for.
    explicit Logger(
        log_level least, log_format format = log_format::automatic,
        const Clock& clock = system_clock()
    );
    /// Writes to a sink of the caller's.
    Logger(
        std::shared_ptr<spdlog::sinks::sink> sink, log_level least, log_format format,
        const Clock& clock = system_clock()
    );

    void debug(std::string_view event, Fields fields = {}) {
        write(log_level::debug, event, fields);
    }
    void info(std::string_view event, Fields fields = {}) { write(log_level::info, event, fields); }
    void warn(std::string_view event, Fields fields = {}) { write(log_level::warn, event, fields); }
    void error(std::string_view event, Fields fields = {}) {
        write(log_level::error, event, fields);
    }

    [[nodiscard]] bool wants(log_level level) const noexcept {
        return level >= least_ && least_ != log_level::off;
    }

private:
    void write(log_level level, std::string_view event, Fields fields);

    log_level least_;
    bool json_;
    const Clock& clock_;
    std::shared_ptr<spdlog::logger> out_;
};

/// The line of one event, without its end. Field names are the code's own and written as they are.
[[nodiscard]] std::string json_log_line(
    WallTime time, log_level level, std::string_view event, Logger::Fields fields
);
[[nodiscard]] std::string text_log_line(
    WallTime time, log_level level, std::string_view event, Logger::Fields fields
);

/// The words of the settings `log.level` and `log.format`, in the order of the enumerators.
inline constexpr std::array<std::string_view, 5> log_level_words{
    "debug", "info", "warn", "error", "off"};
inline constexpr std::array<std::string_view, 3> log_format_words{"auto", "text", "json"};

/// A URL as it may be logged: without user information, query and fragment, at most 512 bytes.
/// What is no URL is treated alike, so that a secret in a mistyped one stays out of the log too.
[[nodiscard]] std::string redact_url(std::string_view url);

}  // namespace fanfetch
