#include "coro/task_group.hpp"

#include "future/errors.hpp"

namespace fanfetch {

void TaskGroup::refuse_unless_open() const {
    if (phase_ != phase::open) {
        throw InvalidStateError{"spawning in a task group: it is shutting down or closed"};
    }
}

void TaskGroup::adopt(TaskBase& task) {
    task.belong_to(*this);
    task.mark_looked_at();
    children_.push_back(task);
}

void TaskGroup::child_ended(TaskBase& task) {
    task.sibling_hook.unlink();
    if (task.failed()) {
        fail(task.stored_exception());
    }
    leave_when_empty();
}

void TaskGroup::body_ended(const std::exception_ptr& error, bool cancelled) {
    body_ended_ = true;
    if (cancelled) {
        shut_down();
    } else if (error) {
        fail(error);
    }
    leave_when_empty();
}

void TaskGroup::cancel_requested() {
    if (!body_ended_) {
        body_cancel_.request();  // the children follow when the body has ended
        return;
    }
    cancelled_in_join_ = true;
    phase_ = phase::shutting_down;
    for (auto& child : children_) {
        child.cancel();
    }
}

void TaskGroup::fail(std::exception_ptr error) {
    errors_.push_back(std::move(error));
    shut_down();
}

void TaskGroup::shut_down() {
    if (phase_ != phase::open) {
        return;
    }
    phase_ = phase::shutting_down;
    if (!body_ended_) {
        body_cancel_.request();
    }
    for (auto& child : children_) {
        child.cancel();
    }
}

void TaskGroup::leave_when_empty() {
    if (body_ended_ && children_.empty()) {
        phase_ = phase::closed;
        parking_.resume_now();
    }
}

void TaskGroup::throw_failures() const {
    if (!errors_.empty()) {
        throw ExceptionGroup{"task group", errors_};
    }
    if (cancelled_in_join_) {
        throw CancelledError{};
    }
}

}  // namespace fanfetch
