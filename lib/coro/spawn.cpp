#include "coro/spawn.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace fanfetch {

bool TaskBase::cancel() {
    if (done()) {
        return false;
    }
    if (running_loop() == &loop_ && !loop_ended_) {
        request();
        return true;
    }
    auto call = [self = shared_from_this()] { self->request(); };
    return weak_loop_.post(call);
}

void TaskBase::request() {
    if (done() || loop_ended_) {
        return;
    }
    // Queued ahead of whatever the request sets going: see cancel_undelivered.
    auto turn = [self = shared_from_this()] { self->reaches_next_turn_ = true; };
    boost::asio::post(loop_.executor(), std::move(turn));
    cancel_.request();
}

bool TaskBase::cancel_undelivered() const noexcept {
    return cancel_.requested() && cancel_.pending_at_end() && !reaches_next_turn_;
}

void TaskBase::end() noexcept {
    settle();
    held_.reset();
    unlink();
    done_.store(true, std::memory_order_release);
    while (!observers_.empty()) {
        auto& observer = observers_.front();
        observers_.pop_front();
        observer.task_ended(*this);
    }
    if (owner_ != nullptr) {
        owner_->child_ended(*this);
    }
}

void TaskBase::report_unheard() const noexcept {
    if (failed() && !looked_at_) {
        report_error(
            name_.empty() ? "a task that nobody waited for" : "task " + name_, stored_exception()
        );
    }
}

namespace detail {
namespace {

class TaskWait final : TaskObserver {
public:
    TaskWait(LoopState& loop, TaskBase& task, bool shielded)
        : task_{task}, shielded_{shielded}, parking_{loop} {}

    [[nodiscard]] awaitable<> finish() { return parking_.park(*this); }
    [[nodiscard]] bool given_up() const noexcept { return given_up_; }

    void parked() { task_.observe(*this); }
    void cancel_requested() {
        if (!shielded_) {
            task_.cancel();
            return;
        }
        if (is_linked()) {
            given_up_ = true;
            unlink();
            parking_.resume_soon();
        }
    }

private:
    void task_ended(TaskBase&) override { parking_.resume_soon(); }

    TaskBase& task_;
    bool shielded_;
    bool given_up_ = false;
    Parking parking_;
};

awaitable<> wait_for_end(TaskBase& task, bool shielded) {
    auto& loop = loop_state(co_await boost::asio::this_coro::executor);
    if (&loop != &task.loop()) {
        throw InvalidStateError{"awaiting a task: it runs on another loop"};
    }
    if (task.cancel_source().belongs_to(co_await boost::asio::this_coro::cancellation_state)) {
        throw InvalidStateError{"awaiting a task: it is the one that waits"};
    }
    TaskWait wait{loop, task, shielded};
    co_await wait.finish();
    if (wait.given_up()) {
        throw CancelledError{};
    }
}

}  // namespace

awaitable<> await_end(TaskBase& task) {
    return wait_for_end(task, false);
}

awaitable<> await_end_shielded(TaskBase& task) {
    return wait_for_end(task, true);
}

}  // namespace detail
}  // namespace fanfetch
