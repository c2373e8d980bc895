#pragma once

#include "coro/child.hpp"
#include "coro/loop.hpp"
#include "coro/named_body.hpp"
#include "coro/spawn.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace fanfetch {

/// Coroutines that have all ended when the scope they share is left; made by `with_task_group`.
///
/// Threads  the loop
class TaskGroup : private TaskOwner {
public:
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Starts `body` in a later turn. Children may spawn siblings while the group is open.
    ///
    /// Errors   InvalidStateError once the group is shutting down or closed; `body` is not started
    template <class T>
    Task<T> spawn(awaitable<T> body, std::string name = {}) {
        refuse_unless_open();
        auto task = fanfetch::spawn(loop_.executor(), std::move(body), std::move(name));
        adopt(task.state());
        return task;
    }

protected:
    explicit TaskGroup(LoopState& loop) noexcept : loop_{loop}, parking_{loop} {}
    ~TaskGroup() = default;

    /// Starts the body and suspends the caller until it and all children have ended.
    [[nodiscard]] awaitable<> finish() { return parking_.park(*this); }

    void body_ended(const std::exception_ptr& error, bool cancelled);

    /// Throws what the children and the body failed with; else the cancellation that came from
    /// outside after the body had ended.
    void throw_failures() const;

    [[nodiscard]] LoopState& loop() const noexcept { return loop_; }
    [[nodiscard]] CancelSource& body_cancel() noexcept { return body_cancel_; }

private:
    friend class Parking;

    enum class phase : std::uint8_t { open, shutting_down, closed };
    using Children = boost::intrusive::list<
        TaskBase,
        boost::intrusive::member_hook<TaskBase, TaskBase::SiblingHook, &TaskBase::sibling_hook>,
        boost::intrusive::constant_time_size<false>>;

    virtual void start_body() = 0;
    void parked() { start_body(); }
    void cancel_requested();

    void refuse_unless_open() const;
    void adopt(TaskBase& task);
    void child_ended(TaskBase& task) override;
    void fail(std::exception_ptr error);
    void shut_down();
    void leave_when_empty();

    LoopState& loop_;
    Parking parking_;
    CancelSource body_cancel_;
    Children children_;
    std::vector<std::exception_ptr> errors_;
    phase phase_ = phase::open;
    bool body_ended_ = false;
    bool cancelled_in_join_ = false;
};

namespace detail {

template <class Body>
class TaskGroupRun final : public TaskGroup {
public:
    using Value = BodyValue<Body, TaskGroup>;

    TaskGroupRun(LoopState& loop, Body& body) : TaskGroup{loop}, body_{call_body(body, *this)} {}

    using TaskGroup::finish;

    [[nodiscard]] Value outcome() {
        throw_failures();
        if constexpr (std::is_void_v<Value>) {
            std::move(result_).value();
        } else {
            return std::move(result_).value();
        }
    }

private:
    void start_body() override {
        auto ended = [this] { body_ended(result_.exception(), result_.cancelled()); };
        launch(
            loop().executor(), std::move(body_), result_, body_cancel(), first_step::here, ended
        );
    }

    awaitable<Value> body_;
    Result<Value> result_;
};

template <class Body>
awaitable<BodyValue<Body, TaskGroup>> run_task_group(Body& body) {
    TaskGroupRun<Body> run{loop_state(co_await boost::asio::this_coro::executor), body};
    co_await run.finish();
    co_return run.outcome();
}

}  // namespace detail

/// Runs `body` with a TaskGroup& and returns its value when it and every child have ended, on every
/// path: `co_await with_task_group(body)`.
///
/// The first failure, of a child or of the body, cancels all the others. A child that is cancelled
/// on its own ends alone. Cancelled from outside, the body is cancelled, then the children; all
/// are awaited.
///
/// Errors   ExceptionGroup of all that failed, cancellations left out. CancelledError when
///          cancelled from outside and nothing failed; if something did, the outside request shows
///          at the caller's next await
/// Source   CPython 3.13, asyncio.TaskGroup
template <class Body>
    requires NamedBody<Body>
[[nodiscard]] auto with_task_group(Body&& body) {
    return detail::run_task_group(body);
}

}  // namespace fanfetch
