#include "batch/progress_reporter.hpp"

#include "future/errors.hpp"

#include <algorithm>
#include <utility>

namespace fanfetch {

ProgressReporter::ProgressReporter(
    const ProgressCounter& counter, std::chrono::milliseconds interval, Listener listener
)
    : counter_{counter},
      interval_{std::max(interval, ProgressMeter::shortest_interval)},
      listener_{std::move(listener)},
      meter_{Steady::now()},
      thread_{[this](const std::stop_token& stop) { report(stop); }} {}

void ProgressReporter::finish() {
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
}

void ProgressReporter::report(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    while (!stop.stop_requested()) {
        stopped_.wait_for(lock, stop, interval_, [] { return false; });
        if (stop.stop_requested()) {
            break;
        }
        if (const auto progress = meter_.update(counter_.counts(), Steady::now())) {
            tell(*progress);
        }
    }
    tell(meter_.final_state(counter_.counts(), Steady::now()));
}

void ProgressReporter::tell(const Progress& progress) const noexcept {
    try {
        listener_(progress);
    } catch (...) {
        report_error("telling a listener of progress", std::current_exception());
    }
}

}  // namespace fanfetch
