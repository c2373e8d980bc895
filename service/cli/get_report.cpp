#include "cli/get_report.hpp"

#include "batch/progress_bar.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

namespace fanfetch {
namespace {

constexpr std::string_view clear_line = "\r\x1B[K";  // ECMA-48: carriage return, erase in line

std::size_t terminal_width() {
    constexpr std::size_t usual = 80;
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return usual;
    }
    return size.ws_col;
}

void to_stderr(std::string_view text) {
    (void)std::fwrite(text.data(), 1, text.size(), stderr);
    (void)std::fflush(stderr);
}

}  // namespace

void GetReport::item(const GetEnding& ending) {
    {
        const std::scoped_lock lock{mutex_};
        counts_.add(ending.end);
        if (style_.json) {
            print(json_line(ending));
        } else if (ending.end != item_end::ok) {
            say(failure_line(ending));
        }
    }
    progress_.item_done();
}

void GetReport::show(const Progress& progress) {
    const std::scoped_lock lock{mutex_};
    if (!style_.terminal) {
        to_stderr(render_line(progress) + '\n');
        return;
    }
    // One column stays free: some terminals wrap a line that fills them.
    bar_ = render_bar(progress, terminal_width() - 1);
    to_stderr(std::string{clear_line} + bar_);
}

void GetReport::end_progress() {
    const std::scoped_lock lock{mutex_};
    if (!bar_.empty()) {
        to_stderr("\n");
        bar_.clear();
    }
}

void GetReport::summary(const BatchCounts& counts, std::chrono::milliseconds elapsed) {
    const std::scoped_lock lock{mutex_};
    if (style_.json) {
        print(json_summary(counts, elapsed, progress_.counts().bytes));
    } else if (!style_.quiet) {
        print(summary_line(counts, elapsed) + '\n');
    }
}

BatchCounts GetReport::counts() const {
    const std::scoped_lock lock{mutex_};
    return counts_;
}

bool GetReport::complete() const {
    const std::scoped_lock lock{mutex_};
    return complete_;
}

/// Puts a line above the bar.
void GetReport::say(const std::string& line) {
    to_stderr(bar_.empty() ? line : std::string{clear_line} + line + bar_);
}

/// Whole lines, at once: whoever reads them does not wait for the buffer to be full.
void GetReport::print(const std::string& text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    complete_ = std::fflush(stdout) == 0 && written && complete_;
}

}  // namespace fanfetch
