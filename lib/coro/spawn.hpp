#pragma once

#include "coro/child.hpp"
#include "coro/loop.hpp"
#include "coro/loop_state.hpp"
#include "coro/result.hpp"
#include "coro/weak_loop.hpp"

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace fanfetch {

class TaskBase;

/// Hears when a task has ended, once; destroying it stops the listening.
class TaskObserver : public boost::intrusive::list_base_hook<
                         boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    virtual void task_ended(TaskBase& task) = 0;

protected:
    ~TaskObserver() = default;
};

/// The scope a task was started in, which hears last.
class TaskOwner {
public:
    virtual void child_ended(TaskBase& task) = 0;

protected:
    ~TaskOwner() = default;
};

/// What all tasks have in common, whatever their type.
///
/// Threads  the loop, but for the members that say otherwise
class TaskBase : public LoopTask, public std::enable_shared_from_this<TaskBase> {
public:
    TaskBase(LoopState& loop, std::string name)
        : loop_{loop}, weak_loop_{loop.weak()}, name_{std::move(name)} {}
    TaskBase(const TaskBase&) = delete;
    TaskBase& operator=(const TaskBase&) = delete;

    [[nodiscard]] LoopState& loop() const noexcept { return loop_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Any thread.
    [[nodiscard]] bool done() const noexcept { return done_.load(std::memory_order_acquire); }
    /// Any thread. A request, not an outcome: false when done, else true.
    bool cancel() override;
    void loop_ended() noexcept override { loop_ended_ = true; }

    void observe(TaskObserver& observer) noexcept { observers_.push_back(observer); }
    /// An exception it ends with is somebody's business, so it is not reported as unheard.
    void mark_looked_at() noexcept { looked_at_ = true; }
    void belong_to(TaskOwner& owner) noexcept { owner_ = &owner; }
    /// Keeps something alive until the task is gone.
    void hold(std::shared_ptr<void> held) noexcept { held_ = std::move(held); }
    [[nodiscard]] const CancelSource& cancel_source() const noexcept { return cancel_; }

    [[nodiscard]] virtual bool cancelled() const noexcept = 0;
    [[nodiscard]] virtual bool failed() const noexcept = 0;
    /// Does not count as looking at it.
    [[nodiscard]] virtual std::exception_ptr stored_exception() const noexcept = 0;

    using SiblingHook = boost::intrusive::list_member_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
    SiblingHook sibling_hook;  ///< its owner's

protected:
    ~TaskBase() = default;

    void begin() noexcept { loop_.note(*this); }
    void end() noexcept;
    void report_unheard() const noexcept;
    /// The body returned before a request could reach it.
    [[nodiscard]] bool cancel_undelivered() const noexcept;

    CancelSource cancel_;

private:
    virtual void settle() = 0;
    void request();

    LoopState& loop_;
    WeakLoop weak_loop_;  ///< for handles that outlive the loop
    std::string name_;
    std::shared_ptr<void> held_;
    TaskOwner* owner_ = nullptr;
    boost::intrusive::list<TaskObserver, boost::intrusive::constant_time_size<false>> observers_;
    std::atomic<bool> done_{false};
    bool looked_at_ = false;
    bool loop_ended_ = false;
    bool reaches_next_turn_ = false;  ///< a turn has passed since the request
};

namespace detail {

template <class T>
class TaskState final : public TaskBase {
public:
    using TaskBase::TaskBase;
    ~TaskState() { report_unheard(); }

    void start(awaitable<T> body) {
        begin();
        auto ended = [self = std::static_pointer_cast<TaskState>(shared_from_this())] {
            self->end();
        };
        launch(
            loop().executor(), std::move(body), result_, cancel_, first_step::next_turn,
            std::move(ended)
        );
    }

    [[nodiscard]] bool cancelled() const noexcept override { return done() && result_.cancelled(); }
    [[nodiscard]] bool failed() const noexcept override { return done() && result_.failed(); }
    [[nodiscard]] std::exception_ptr stored_exception() const noexcept override {
        return result_.exception();
    }
    [[nodiscard]] Result<T>& result() {
        if (!done()) {
            throw InvalidStateError{"reading a task's result: it is not done"};
        }
        mark_looked_at();
        return result_;
    }

private:
    void settle() override {
        if (result_.has_value() && cancel_undelivered()) {
            result_.set_exception(std::make_exception_ptr(CancelledError{}), true);
        }
    }

    Result<T> result_;
};

/// Suspends until `task` has ended. Cancelling the caller cancels the task.
[[nodiscard]] awaitable<> await_end(TaskBase& task);
/// The same, but cancelling the caller leaves the task alone and throws CancelledError.
[[nodiscard]] awaitable<> await_end_shielded(TaskBase& task);

/// Hands out the outcome: the value itself to whoever takes it, a copy to everyone else.
template <class T>
T outcome_of(TaskState<T>& task, bool take) {
    auto& result = task.result();
    if constexpr (std::is_void_v<T>) {
        result.value();
    } else if constexpr (std::is_copy_constructible_v<T>) {
        return take ? std::move(result).value() : result.value();
    } else {
        return std::move(result).value();
    }
}

template <class T>
awaitable<T> join_task(std::shared_ptr<TaskState<T>> task, bool take) {
    if (!task->done()) {
        co_await await_end(*task);
    }
    co_return outcome_of(*task, take);
}

}  // namespace detail

/// A handle to a coroutine that runs by itself on one loop; copies share it.
///
/// Dropping every handle does not stop it. An exception that nobody looked at is reported to the
/// error logger once the task is gone.
///
/// Errors   InvalidStateError from `result` and `exception` before it is done, from `join` inside
///          the task itself or on another loop
/// Threads  the loop; `cancel` and `done` any thread
template <class T = void>
class Task {
public:
    using value_type = T;
    using State = detail::TaskState<T>;

    explicit Task(std::shared_ptr<State> state) noexcept : state_{std::move(state)} {}

    [[nodiscard]] bool done() const noexcept { return state_->done(); }
    /// True only when the body has ended with CancelledError.
    [[nodiscard]] bool cancelled() const noexcept { return state_->cancelled(); }
    [[nodiscard]] const std::string& name() const noexcept { return state_->name(); }

    /// Asks it to stop: CancelledError at the await it is suspended in, or at the next. False when
    /// it is done already.
    bool cancel() const { return state_->cancel(); }

    /// The value, or throws what the body threw.
    decltype(auto) result() const& { return std::as_const(state_->result()).value(); }
    T result() && { return detail::outcome_of(*state_, true); }

    /// What the body threw, null if it returned; throws CancelledError when it was cancelled.
    [[nodiscard]] std::exception_ptr exception() const {
        auto& result = state_->result();
        if (result.cancelled()) {
            throw CancelledError{};
        }
        return result.exception();
    }

    /// Waits for the outcome: `co_await task.join()`. Does not suspend when it is done. Several
    /// may wait; each gets a copy, `std::move(task).join()` the value itself. Cancelling the
    /// caller cancels the task; see `shield`.
    [[nodiscard]] awaitable<T> join() const& {
        static_assert(
            std::is_void_v<T> || std::is_copy_constructible_v<T>,
            "a value that cannot be copied is taken: std::move(task).join()"
        );
        return detail::join_task<T>(state_, false);
    }
    [[nodiscard]] awaitable<T> join() && { return detail::join_task<T>(std::move(state_), true); }

    [[nodiscard]] State& state() const noexcept { return *state_; }
    [[nodiscard]] const std::shared_ptr<State>& share() const noexcept { return state_; }

    friend bool operator==(const Task&, const Task&) = default;

private:
    std::shared_ptr<State> state_;
};

/// Starts `body` on `loop`, in a later turn: never inside this call.
template <class T>
Task<T> spawn(LoopExecutor loop, awaitable<T> body, std::string name = {}) {
    auto state = std::make_shared<detail::TaskState<T>>(loop_state(loop), std::move(name));
    state->start(std::move(body));
    return Task<T>{std::move(state)};
}

}  // namespace fanfetch
