#pragma once

#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// Reads the three forms of an HTTP date: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94
/// 08:49:37 GMT" and "Sun Nov  6 08:49:37 1994"; nullopt when it is none of these or no such moment
/// exists. The day of the week must be one, but is not checked against the date.
///
/// The second form has two digits for the year: it means the latest such year that is not more than
/// 50 years after `now`.
///
/// Threads  pure
/// Source   RFC 9110 §5.6.7
[[nodiscard]] std::optional<WallTime> parse_http_date(std::string_view text, WallTime now);

/// The first of these forms, for years 0 to 9999.
[[nodiscard]] std::string to_http_date(WallTime time);

}  // namespace fanfetch
