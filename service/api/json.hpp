#pragma once

#include "base/expected.hpp"

#include <boost/json/value.hpp>

#include <string_view>

namespace fanfetch {

/// Reads a JSON text as RFC 8259 has it and nothing more: no comments, no trailing commas, no byte
/// order mark, UTF-8 without surrogates, at most 32 levels deep and 1,000 members an object.
///
/// A member that occurs twice is refused: readers disagree about which one counts. So is a number
/// that no 64-bit integer and no double can hold, since it would be changed in silence.
///
/// Units    offsets in bytes from 0
/// Errors   api_bad_request with the byte offset for what cannot be read; api_invalid with the
///          JSON Pointer for a repeated member. The text itself is never quoted.
/// Threads  any thread
/// Source   RFC 8259 §4, §8.1, §9; RFC 7493 (I-JSON)
[[nodiscard]] Expected<boost::json::value> parse_json(std::string_view text);

}  // namespace fanfetch
