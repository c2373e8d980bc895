#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace fanfetch {

/// Appends a value as the service writes JSON: no white space, members in their order, the
/// shortest spelling of numbers, strings as append_json_string has them. Reading the text again
/// gives an equal value, and writing that gives the same text.
void append_json(std::string& out, const boost::json::value& value);

[[nodiscard]] std::string canonical_json(const boost::json::value& value);

}  // namespace fanfetch
