#include "cli/get_input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::size_t piece_size = 64U << 10U;

Failure cannot_read(failure_code code, std::string_view what, int error) {
    return failed(
        code, "reading " + std::string{what} + ": " + std::generic_category().message(error)
    );
}

std::string_view trim(std::string_view line) noexcept {
    constexpr std::string_view blanks = " \t\r";
    const auto first = line.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return line.substr(first, line.find_last_not_of(blanks) - first + 1);
}

}  // namespace

void UrlLines::feed(std::string_view piece, std::vector<ListedUrl>& urls) {
    while (!piece.empty()) {
        const auto end = piece.find('\n');
        const bool complete = end != std::string_view::npos;
        auto line = piece.substr(0, end);
        piece.remove_prefix(complete ? end + 1 : piece.size());
        if (!carry_.empty() || !complete) {
            // Two bytes more than a line may have: its CR, and one that shows it is too long.
            carry_.append(line.substr(0, longest_line + 2 - carry_.size()));
            line = carry_;
        }
        if (complete) {
            take(line, urls);
            carry_.clear();
        }
    }
}

void UrlLines::finish(std::vector<ListedUrl>& urls) {
    if (!carry_.empty()) {
        take(carry_, urls);
        carry_.clear();
    }
}

void UrlLines::take(std::string_view line, std::vector<ListedUrl>& urls) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (++line_number_ == 1 && line.starts_with(byte_order_mark)) {
        line.remove_prefix(byte_order_mark.size());
    }
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    const bool too_long = line.size() > longest_line;
    line = trim(line);
    if (line.empty() || line.starts_with('#')) {
        return;
    }
    auto& url = urls.emplace_back();
    url.line = line_number_;
    if (too_long) {
        url.failure = failed(
            failure_code::request_invalid,
            "reading the line: longer than " + std::to_string(longest_line) + " bytes"
        );
        return;
    }
    url.text = line;
}

Expected<UrlInput> UrlInput::open(const std::string& path) {
    const bool owned = path != "-";
    const int fd = owned ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    struct stat info {};
    if (fd < 0 || ::fstat(fd, &info) != 0) {
        return cannot_read(failure_code::request_invalid, path, errno);
    }
    const int wakeup = ::eventfd(0, EFD_CLOEXEC);
    UrlInput input{fd, wakeup, owned};
    if (S_ISDIR(info.st_mode)) {
        return cannot_read(failure_code::request_invalid, path, EISDIR);
    }
    if (wakeup < 0) {
        return cannot_read(failure_code::internal, path, errno);
    }
    return input;
}

UrlInput::UrlInput(UrlInput&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)},
      wakeup_{std::exchange(other.wakeup_, -1)},
      owned_{other.owned_},
      ended_{other.ended_},
      lines_{std::move(other.lines_)} {}

UrlInput::~UrlInput() {
    if (owned_ && fd_ >= 0) {
        ::close(fd_);
    }
    if (wakeup_ >= 0) {
        ::close(wakeup_);
    }
}

std::optional<std::uint64_t> UrlInput::count() const {
    struct stat info {};
    if (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) {
        return std::nullopt;
    }
    UrlLines lines;
    std::vector<ListedUrl> urls;
    std::vector<char> piece(piece_size);
    std::uint64_t entries = 0;
    auto offset = ::lseek(fd_, 0, SEEK_CUR);  // a shell may have read the first lines
    while (true) {
        const auto length = ::pread(fd_, piece.data(), piece.size(), offset);
        if (length < 0) {
            return std::nullopt;
        }
        if (length == 0) {
            lines.finish(urls);
            return entries + urls.size();
        }
        offset += length;
        lines.feed({piece.data(), static_cast<std::size_t>(length)}, urls);
        entries += urls.size();
        urls.clear();
    }
}

Expected<std::optional<std::vector<ListedUrl>>> UrlInput::read() {
    using Entries = std::optional<std::vector<ListedUrl>>;
    std::array<char, piece_size> piece;
    while (!ended_ && wait_readable()) {
        const auto length = ::read(fd_, piece.data(), piece.size());
        if (length < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        ended_ = length <= 0;
        if (length < 0) {
            return cannot_read(failure_code::internal, "the list", errno);
        }
        std::vector<ListedUrl> urls;
        if (ended_) {
            lines_.finish(urls);
        } else {
            lines_.feed({piece.data(), static_cast<std::size_t>(length)}, urls);
        }
        return Entries{std::move(urls)};
    }
    return Entries{};
}

void UrlInput::interrupt() const noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wakeup_, &one, sizeof one);
}

/// False after `interrupt`. A regular file is always readable.
bool UrlInput::wait_readable() const noexcept {
    std::array<pollfd, 2> watched{
        pollfd{.fd = fd_, .events = POLLIN, .revents = 0},
        pollfd{.fd = wakeup_, .events = POLLIN, .revents = 0},
    };
    constexpr int no_limit = -1;
    while (::poll(watched.data(), watched.size(), no_limit) < 0 && errno == EINTR) {
    }
    return watched[1].revents == 0;
}

}  // namespace fanfetch
