#pragma once

#include <optional>
#include <string_view>

namespace fanfetch {

/// What a caller's tracing calls this request. Views of the field's value.
struct TraceContext {
    std::string_view trace_id;   ///< 32 hex digits
    std::string_view parent_id;  ///< 16 hex digits
};

/// Reads the field `traceparent`; nullopt for what is none, which is then as good as absent.
///
/// Source  W3C Trace Context §3.2; of a later version than 00 what it shares with it (§4.3)
[[nodiscard]] std::optional<TraceContext> parse_traceparent(std::string_view value) noexcept;

}  // namespace fanfetch
