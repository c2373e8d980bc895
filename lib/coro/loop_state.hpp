#pragma once

#include "coro/deadline_wheel.hpp"
#include "coro/loop.hpp"
#include "coro/parking.hpp"
#include "coro/weak_loop.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/intrusive/list.hpp>

namespace fanfetch {

/// A task as its loop knows it.
class LoopTask : public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    /// Asks it to stop; false when it has ended.
    virtual bool cancel() = 0;
    /// The loop is being destroyed under it; there is nothing left to cancel.
    virtual void loop_ended() noexcept = 0;

protected:
    ~LoopTask() = default;
};

/// What belongs to a loop besides its io_context: the deadline wheel, the coroutines parked by our
/// own primitives, the tasks. Made on first use, it ends with the io_context.
///
/// Threads  the loop, but for `weak`
class LoopState final : public boost::asio::execution_context::service {
public:
    static boost::asio::execution_context::id id;

    explicit LoopState(boost::asio::io_context& context);

    [[nodiscard]] LoopExecutor executor() const noexcept { return executor_; }
    [[nodiscard]] DeadlineWheel& deadlines() noexcept { return deadlines_; }
    [[nodiscard]] const WeakLoop& weak() const noexcept { return weak_; }

    /// Parked coroutines own themselves: their frame holds the handle that resumes it. The list
    /// is how they are found, and unwound, when the loop is destroyed under them.
    void note(Parking& parking) noexcept { parked_.push_back(parking); }

    /// Tasks under way, for `EventLoop::run`, which leaves none behind.
    void note(LoopTask& task) noexcept { tasks_.push_back(task); }
    [[nodiscard]] bool has_tasks() const noexcept { return !tasks_.empty() || !leaving_.empty(); }
    /// Asks each task to stop, once.
    void cancel_tasks();

private:
    void shutdown() noexcept override;

    template <class Node>
    using List = boost::intrusive::list<Node, boost::intrusive::constant_time_size<false>>;

    LoopExecutor executor_;
    WeakLoop weak_;
    DeadlineWheel deadlines_;
    List<Parking> parked_;
    List<LoopTask> tasks_;
    List<LoopTask> leaving_;  ///< those asked to stop by `cancel_tasks`
};

/// The state of the loop behind `loop`.
[[nodiscard]] LoopState& loop_state(LoopExecutor loop);

/// The state of the loop that the calling thread is running; null elsewhere.
[[nodiscard]] LoopState* running_loop() noexcept;

/// While it lives, the calling thread runs `state`'s loop.
class RunningLoop {
public:
    explicit RunningLoop(LoopState& state) noexcept;
    RunningLoop(const RunningLoop&) = delete;
    RunningLoop& operator=(const RunningLoop&) = delete;
    ~RunningLoop();

private:
    LoopState* before_;
};

}  // namespace fanfetch
