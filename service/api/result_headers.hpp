#pragma once

#include <string>
#include <string_view>

namespace fanfetch {

/// Appends a stored header block (status line and fields, each ending in CRLF) as a JSON object:
/// names in lower case, in the order of their first occurrence; a field that occurs several times
/// is a list. An empty block is null.
void append_headers(std::string& out, std::string_view head);

}  // namespace fanfetch
