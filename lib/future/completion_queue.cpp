#include "future/completion_queue.hpp"

#include "future/blocking_watch.hpp"

#include <utility>

namespace fanfetch::detail {

CompletionQueue::CompletionQueue(std::size_t size) : slots_{std::make_unique<Slot[]>(size)} {}

void CompletionQueue::Slot::completed(bool failed) noexcept {
    queue->push(*this, failed);
}

void CompletionQueue::add(std::size_t index, FutureState& state) noexcept {
    auto& slot = slots_[index];
    slot.queue = this;
    if (!state.link(slot)) {
        push(slot, state.failed());
    }
}

void CompletionQueue::remove(std::size_t index, FutureState& state) noexcept {
    state.unlink(slots_[index]);
}

void CompletionQueue::push(Slot& slot, bool failed) noexcept {
    const std::lock_guard lock{mutex_};
    (first_ready_ == nullptr ? first_ready_ : last_ready_->next_ready) = &slot;
    last_ready_ = &slot;
    ++completed_;
    any_failed_ |= failed;
    if (wanted_ != 0 && satisfied()) {
        wanted_ = 0;
        // Under the lock: the consumer cannot return, and end us, before this call is over.
        changed_.notify_one();
    }
}

bool CompletionQueue::satisfied() const noexcept {
    return completed_ >= wanted_ || (or_failed_ && any_failed_);
}

/// Until `wanted_` and `or_failed_` are satisfied.
void CompletionQueue::sleep(std::unique_lock<std::mutex>& lock, const Deadline& deadline) {
    if (satisfied() || passed(deadline)) {
        wanted_ = 0;
        return;
    }
    const BlockingScope scope{nullptr, deadline.has_value()};
    const auto awake = [this] { return wanted_ == 0; };
    if (deadline) {
        changed_.wait_until(lock, *deadline, awake);
    } else {
        changed_.wait(lock, awake);
    }
    wanted_ = 0;
}

void CompletionQueue::wait(std::size_t completed, bool or_failed, const Deadline& deadline) {
    std::unique_lock lock{mutex_};
    wanted_ = completed;
    or_failed_ = or_failed;
    sleep(lock, deadline);
}

std::size_t CompletionQueue::pop(const Deadline& deadline) {
    std::unique_lock lock{mutex_};
    if (first_ready_ == nullptr) {
        wanted_ = completed_ + 1;
        sleep(lock, deadline);
    }
    if (first_ready_ == nullptr) {
        return none;
    }
    auto* const slot = std::exchange(first_ready_, first_ready_->next_ready);
    return static_cast<std::size_t>(slot - slots_.get());
}

}  // namespace fanfetch::detail
