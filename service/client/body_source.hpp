#pragma once

#include "base/expected.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace fanfetch {

/// Where the body of an upload comes from, piece by piece.
///
/// Threads  one owner; `next` blocks until there is something
class BodySource {
public:
    virtual ~BodySource() = default;

    /// The next piece, valid until the next call; empty at the end.
    [[nodiscard]] virtual Expected<std::string_view> next() = 0;
};

/// The bytes of a file, or of standard input for "-", as they are.
///
/// Errors   request_invalid when it cannot be opened; internal when it cannot be read on
[[nodiscard]] Expected<std::unique_ptr<BodySource>> file_body(const std::string& path);

/// `line`, then what `rest` has: the options in front of NDJSON.
[[nodiscard]] std::unique_ptr<BodySource> line_before(
    std::string line, std::unique_ptr<BodySource> rest
);

/// A list with one URL a line as NDJSON, behind a line with the options. Blank lines and comments
/// are left out; a line that is too long for a URL becomes one that is none.
[[nodiscard]] std::unique_ptr<BodySource> list_as_ndjson(
    std::string options_line, std::unique_ptr<BodySource> list
);

}  // namespace fanfetch
