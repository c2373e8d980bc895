#include "coro/gather.hpp"

#include "future/errors.hpp"

namespace fanfetch::detail {

awaitable<> GatherWait::finish(std::span<TaskBase* const> tasks) {
    tasks_ = tasks;
    listeners_.reserve(tasks.size());  // linked by address, so they must not move
    unfinished_ = tasks.size();
    for (auto* task : tasks) {
        if (task->done()) {
            note(*task);
        } else {
            task->observe(listeners_.emplace_back(*this));
        }
    }
    if (!satisfied()) {
        co_await parking_.park(*this);
    }
    if (cancelled_) {
        throw CancelledError{};
    }
}

void GatherWait::note(TaskBase& task) {
    --unfinished_;
    if (failure_ == nullptr && (task.failed() || task.cancelled())) {
        failure_ = &task;
    }
    if (satisfied()) {
        parking_.resume_soon();
    }
}

bool GatherWait::satisfied() const noexcept {
    return unfinished_ == 0 || (stop_at_failure_ && failure_ != nullptr && !cancelled_);
}

void GatherWait::cancel_requested() {
    if (!parking_.occupied()) {
        return;  // it has its outcome and only waits for its turn
    }
    cancelled_ = true;
    for (auto* task : tasks_) {
        task->cancel();
    }
}

awaitable<> wait_for_all(LoopState& loop, std::span<TaskBase* const> tasks) {
    GatherWait wait{loop, true};
    co_await wait.finish(tasks);
    if (const auto* failure = wait.first_failure(); failure != nullptr) {
        std::rethrow_exception(failure->stored_exception());
    }
}

awaitable<> wait_for_each(LoopState& loop, std::span<TaskBase* const> tasks) {
    GatherWait wait{loop, false};
    co_await wait.finish(tasks);
}

}  // namespace fanfetch::detail
