#pragma once

#include "base/expected.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace fanfetch {

/// Cuts a stream of bytes, which comes in any pieces, into its lines.
///
/// Errors   http_malformed for a line longer than `longest`, for good
/// Threads  one owner
class LineSplitter {
public:
    /// A result with a body of 64 KiB and all its headers is far shorter.
    static constexpr std::size_t longest = 16U << 20U;

    void feed(std::string_view piece);

    /// The next whole line without its end (LF or CRLF), valid until the next call; false when
    /// there is none.
    [[nodiscard]] Expected<bool> next(std::string_view& line);

    /// What has come of a line whose end has not.
    [[nodiscard]] std::string_view rest() const noexcept {
        return std::string_view{bytes_}.substr(begin_);
    }

private:
    std::string bytes_;
    std::size_t begin_ = 0;
    std::size_t scanned_ = 0;  // no line feed in [begin_, scanned_)
};

}  // namespace fanfetch
