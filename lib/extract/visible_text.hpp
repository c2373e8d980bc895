#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fanfetch {

/// Puts text together as it is seen: runs of white space become one space, lines neither begin nor
/// end with one, and no line is empty.
///
/// Units    bytes; what goes beyond the bound is dropped, not within a character
/// Threads  one owner
class VisibleText {
public:
    explicit VisibleText(std::size_t most_bytes) noexcept : most_bytes_{most_bytes} {}

    /// `verbatim`: white space stands as it is written.
    void add(std::string_view text, bool verbatim);
    /// What comes next stands on a line of its own.
    void begin_line() noexcept { line_due_ = !text_.empty(); }

    [[nodiscard]] bool truncated() const noexcept { return truncated_; }
    [[nodiscard]] std::string take() noexcept;

private:
    void append(std::string_view text);
    void append_gap();

    std::size_t most_bytes_;
    std::string text_;
    bool line_due_ = false;
    bool space_due_ = false;
    bool truncated_ = false;
};

}  // namespace fanfetch
