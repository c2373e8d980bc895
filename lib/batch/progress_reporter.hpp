#pragma once

#include "batch/progress.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace fanfetch {

/// Tells one listener how a batch comes along, at most every `interval`, from a thread of its own.
///
/// The work only counts, so a listener that is slow or throws (which goes to the error logger)
/// holds up neither the work nor the listener of another reporter. The final state is told exactly
/// once, after which nothing is.
///
/// Units    an interval below ProgressMeter::shortest_interval becomes that
/// Threads  `finish` by the owner; the listener is called on the reporter's thread
class ProgressReporter {
public:
    using Listener = std::function<void(const Progress&)>;

    /// `counter` outlives the reporter.
    ProgressReporter(
        const ProgressCounter& counter, std::chrono::milliseconds interval, Listener listener
    );
    ~ProgressReporter() { finish(); }
    ProgressReporter(const ProgressReporter&) = delete;
    ProgressReporter& operator=(const ProgressReporter&) = delete;

    /// Tells the final state and waits until the listener has returned.
    void finish();

private:
    void report(const std::stop_token& stop);
    void tell(const Progress& progress) const noexcept;

    const ProgressCounter& counter_;
    std::chrono::milliseconds interval_;
    Listener listener_;
    ProgressMeter meter_;
    std::mutex mutex_;
    std::condition_variable_any stopped_;
    std::jthread thread_;
};

}  // namespace fanfetch
