#include "batch/progress_bar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace fanfetch {
namespace {

constexpr std::size_t longest_bar = 40;
constexpr std::size_t shortest_bar = 10;  // below it tells nothing
constexpr std::size_t frame = 3;          // the brackets and a space

std::string readable_rate(double rate) {
    return rate < 10 ? fmt::format("{:.1f}/s", rate) : fmt::format("{:.0f}/s", rate);
}

/// "0:03", "2:05:00"
std::string clock_time(std::chrono::milliseconds time) {
    const auto seconds = std::chrono::round<std::chrono::seconds>(time).count();
    if (seconds < 3600) {
        return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
    }
    return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string time_text(const Progress& progress) {
    if (progress.eta && progress.done != progress.total) {
        return "ETA " + clock_time(*progress.eta);
    }
    return "in " + clock_time(progress.elapsed);
}

std::string count_text(const Progress& progress) {
    return progress.total ? fmt::format("{}/{}", progress.done, *progress.total)
                          : fmt::format("{}", progress.done);
}

/// In [0, 1]; a batch of nothing is complete.
double fraction(const Progress& progress) {
    const auto total = progress.total.value_or(0);
    return total == 0 ? 1.0 : static_cast<double>(progress.done) / static_cast<double>(total);
}

std::string bar(double filled, std::size_t length) {
    const auto marks = static_cast<std::size_t>(filled * static_cast<double>(length));
    std::string text(length, '-');
    std::fill_n(text.begin(), std::min(marks, length), '#');
    return text;
}

}  // namespace

std::string readable_bytes(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        return fmt::format("{} B", bytes);
    }
    double amount = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (amount >= 1024 && unit + 1 < units.size()) {
        amount /= 1024;
        ++unit;
    }
    return fmt::format("{:.1f} {}", amount, units[unit]);
}

std::string render_bar(const Progress& progress, std::size_t width) {
    std::string text = count_text(progress);
    if (progress.total) {
        text += fmt::format("  {:.0f}%", std::floor(fraction(progress) * 100));
    }
    text += fmt::format(
        "  {}  {}  {}", readable_rate(progress.rate), readable_bytes(progress.bytes),
        time_text(progress)
    );
    const bool has_room = width >= text.size() + frame + shortest_bar;
    if (progress.total && has_room) {
        const auto length = std::min(longest_bar, width - text.size() - frame);
        return fmt::format("[{}] {}", bar(fraction(progress), length), text);
    }
    text.resize(std::min(text.size(), width));
    return text;
}

std::string render_line(const Progress& progress) {
    return fmt::format(
        "{} done, {}, {}, {}", count_text(progress), readable_rate(progress.rate),
        readable_bytes(progress.bytes), time_text(progress)
    );
}

}  // namespace fanfetch
