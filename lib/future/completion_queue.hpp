#pragma once

#include "future/future_state.hpp"

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace fanfetch::detail {

/// Listens to many futures at once for one consumer: the shared waiter of `wait` and
/// `as_completed`.
///
/// Futures are known by the index under which they were added; completed ones queue up in the order
/// they completed. Costs one allocation, whatever the number.
///
/// Threads  one consumer; the futures complete anywhere
class CompletionQueue {
public:
    explicit CompletionQueue(std::size_t size);
    CompletionQueue(const CompletionQueue&) = delete;
    CompletionQueue& operator=(const CompletionQueue&) = delete;

    /// Starts listening; a state that is done queues up at once. Each index once.
    void add(std::size_t index, FutureState& state) noexcept;
    /// Stops listening. No call is in progress on return.
    void remove(std::size_t index, FutureState& state) noexcept;

    /// Sleeps until `completed` have completed in all, or one with an exception if `or_failed`.
    void wait(std::size_t completed, bool or_failed, const Deadline& deadline);

    /// The index of the next completed future; `none` when the deadline has passed before there
    /// was one. What is there is given whatever the deadline.
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    [[nodiscard]] std::size_t pop(const Deadline& deadline);

private:
    struct Slot final : Listener {
        void completed(bool failed) noexcept override;
        CompletionQueue* queue = nullptr;
        Slot* next_ready = nullptr;
    };

    void push(Slot& slot, bool failed) noexcept;
    [[nodiscard]] bool satisfied() const noexcept;
    void sleep(std::unique_lock<std::mutex>& lock, const Deadline& deadline);

    std::unique_ptr<Slot[]> slots_;
    std::mutex mutex_;  ///< the innermost lock: taken under the lock of a state
    std::condition_variable changed_;
    Slot* first_ready_ = nullptr;
    Slot* last_ready_ = nullptr;
    std::size_t completed_ = 0;
    bool any_failed_ = false;
    std::size_t wanted_ = 0;  ///< what the consumer sleeps for; zero: it is awake
    bool or_failed_ = false;
};

}  // namespace fanfetch::detail
