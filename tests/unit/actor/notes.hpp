#pragma once

#include "support/patience.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace fanfetch::testing {

/// What happened, in order, as the actors of a test write it down.
///
/// Threads  any thread
class Notes {
public:
    void add(std::string note) {
        {
            const std::lock_guard lock{mutex_};
            notes_.push_back(std::move(note));
        }
        changed_.notify_all();
    }

    /// Everything noted, once there are `count` notes or the patience is over.
    [[nodiscard]] std::vector<std::string> await(std::size_t count) const {
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, patience, [&] { return notes_.size() >= count; });
        return notes_;
    }

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<std::string> notes_;
};

/// Waits until it is true, or the patience is over.
template <class Condition>
bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

using Lines = std::vector<std::string>;

}  // namespace fanfetch::testing
