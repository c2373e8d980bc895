#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fanfetch {

/// Appends the segments of `path` to the path that begins at `out[path_begin]`: each with its
/// slash, percent-encoded, "." left out, ".." taking the last one away, in their "%2e" spellings
/// too. A backslash is a slash. One leading slash of `path` is taken as given.
///
/// Source  https://url.spec.whatwg.org/#path-state
void append_path(std::string& out, std::size_t path_begin, std::string_view path);

/// Takes the last segment away, with its slash.
///
/// Source  https://url.spec.whatwg.org/#shorten-a-urls-path
void shorten_path(std::string& out, std::size_t path_begin);

}  // namespace fanfetch
