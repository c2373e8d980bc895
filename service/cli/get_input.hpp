#pragma once

#include "base/expected.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// One entry of the list.
struct ListedUrl {
    std::string text;
    std::uint64_t line = 0;          ///< counted from 1; 0: an argument
    std::optional<Failure> failure;  ///< why the line cannot be read at all
};

/// Reads a list of URLs as it comes, in pieces cut anywhere: one a line, blank lines and those that
/// begin with '#' are passed over. What stands there is not looked at.
///
/// Errors   a line longer than `longest_line` becomes an entry with a failure
/// Threads  one owner
class UrlLines {
public:
    static constexpr std::size_t longest_line = 8U << 10U;

    void feed(std::string_view piece, std::vector<ListedUrl>& urls);
    /// The input has ended, perhaps in the middle of a line.
    void finish(std::vector<ListedUrl>& urls);

private:
    void take(std::string_view line, std::vector<ListedUrl>& urls);

    std::uint64_t line_number_ = 0;
    std::string carry_;  // the beginning of a line whose end has not come yet
};

/// The file the list is in, or standard input.
///
/// Threads  `interrupt` any thread; the rest one at a time, and they block
class UrlInput {
public:
    /// `path` is a file's, or "-".
    ///
    /// Errors   request_invalid when there is nothing to read
    [[nodiscard]] static Expected<UrlInput> open(const std::string& path);
    UrlInput(UrlInput&& other) noexcept;
    UrlInput& operator=(UrlInput&&) = delete;
    ~UrlInput();

    /// How many entries there are, when that can be found out beforehand: of a regular file.
    [[nodiscard]] std::optional<std::uint64_t> count() const;

    /// The next entries, perhaps none; nullopt at the end or after `interrupt`.
    ///
    /// Errors   internal when the file cannot be read on
    [[nodiscard]] Expected<std::optional<std::vector<ListedUrl>>> read();

    /// Ends a `read` that waits for somebody at the other end of a pipe.
    void interrupt() const noexcept;

private:
    UrlInput(int fd, int wakeup, bool owned) noexcept : fd_{fd}, wakeup_{wakeup}, owned_{owned} {}
    [[nodiscard]] bool wait_readable() const noexcept;

    int fd_;
    int wakeup_;  // an eventfd
    bool owned_;  // false: standard input
    bool ended_ = false;
    UrlLines lines_;
};

}  // namespace fanfetch
