#pragma once

#include <string>
#include <string_view>

namespace fanfetch {

/// Appends `text` as a JSON string with its quotes.
///
/// What comes out is ASCII control-free UTF-8 that can stand on one line of a log, an NDJSON
/// stream or a server-sent event, and on a terminal: C0 and C1 controls, DEL, the line separators
/// U+2028 and U+2029 and the marks that turn the direction of text are written as \uXXXX, and each
/// byte that is not UTF-8 becomes U+FFFD.
///
/// Errors   none: every sequence of bytes has a spelling
/// Threads  any thread
/// Source   RFC 8259 §7; Unicode 15 §3.9 (maximal subparts), UAX #9 §2 (directional formatting)
void append_json_string(std::string& out, std::string_view text);

/// Appends a number as JSON has it: the shortest text that reads back the same; null for NaN and
/// the infinities, which JSON has no spelling for.
void append_json_number(std::string& out, double number);

/// The length of the UTF-8 sequence `text` begins with, 1 to 4; 0 when it begins with none.
[[nodiscard]] std::size_t utf8_sequence_length(std::string_view text) noexcept;

/// `text` cut to at most `limit` bytes, and not within a character.
[[nodiscard]] std::string_view cut_utf8(std::string_view text, std::size_t limit) noexcept;

}  // namespace fanfetch
