#pragma once

#include "batch/batch_counts.hpp"
#include "batch/progress.hpp"
#include "cli/get_ending.hpp"

#include <mutex>
#include <string>

namespace fanfetch {

/// What `fanfetch get` says while it runs and at the end, and the count of it all.
///
/// What was asked for goes to standard output: the summary, with `json` a line for every item.
/// Everything else goes to standard error: what failed and why, and how far we are, which on a
/// terminal is a bar at its lower edge.
///
/// Threads  any thread; a call blocks while nobody reads what it writes
class GetReport {
public:
    struct Style {
        bool json = false;
        bool quiet = false;
        bool terminal = false;  ///< whether standard error is one
    };
    GetReport(Style style, ProgressCounter& progress) noexcept
        : style_{style}, progress_{progress} {}

    void item(const GetEnding& ending);
    void show(const Progress& progress);
    /// Leaves the bar as it is; what comes next stands below it.
    void end_progress();
    void summary(const BatchCounts& counts, std::chrono::milliseconds elapsed);

    [[nodiscard]] BatchCounts counts() const;
    /// Whether everything that went to standard output arrived there.
    [[nodiscard]] bool complete() const;

private:
    void say(const std::string& line);
    void print(const std::string& text);

    const Style style_;
    ProgressCounter& progress_;
    mutable std::mutex mutex_;  // over everything below, and over both streams
    BatchCounts counts_;
    std::string bar_;  // what stands on the terminal's last line
    bool complete_ = true;
};

}  // namespace fanfetch
