#pragma once

#include "coro/loop.hpp"
#include "coro/loop_state.hpp"
#include "coro/spawn.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace fanfetch {

/// An io_context run by one thread: a strand by construction, and the place where coroutines run.
///
/// A server gives it a thread of its own with `start` and ends it with `stop` and `join`, which
/// waits for all work to have ended by itself. A program's main function, or a test, drives it
/// from its own thread with `run` or `run_until_complete`.
///
/// Destroying a loop with work left on it unwinds that work without resuming it: frames are
/// destroyed, nothing more is executed. Completions that arrive later are dropped.
///
/// Errors   an exception thrown by a posted call goes to the error logger, the loop lives on
/// Threads  `executor`, `post`, `stop` any thread; the rest is the owner's
class EventLoop {
public:
    /// `name` is the thread's, as debuggers and `top` show its first 15 bytes.
    explicit EventLoop(std::string name = "loop");
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop();

    [[nodiscard]] LoopExecutor executor() noexcept { return context_.get_executor(); }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// Runs `call` on the loop, never inside this call, and wakes an idle loop. A call it is,
    /// whatever Asio would make of its type: a std::packaged_task keeps its future.
    template <class Call>
    void post(Call&& call) {
        auto plain = [call = std::forward<Call>(call)]() mutable { std::move(call)(); };
        boost::asio::post(context_, std::move(plain));
    }

    /// Runs the loop on a thread of its own until `stop`.
    ///
    /// Errors   InvalidStateError when it is being run already
    void start();

    /// Lets the thread end once no work is left; what is under way goes on.
    void stop();

    /// Waits for the thread to end. Nothing when there is none.
    void join();

    /// Drives the loop on the calling thread until `body` has ended; other work stays suspended
    /// where it is.
    ///
    /// Errors   InvalidStateError when the loop is being run already; what `body` throws
    template <class T>
    T run_until_complete(awaitable<T> body) {
        auto task = spawn(executor(), std::move(body));
        drive(task.state());
        return std::move(task).result();
    }

    /// As run_until_complete, then cancels and awaits the tasks left over. Errors of those go to
    /// the error logger.
    template <class T>
    T run(awaitable<T> body) {
        auto task = spawn(executor(), std::move(body));
        drive(task.state());
        end_tasks();
        return std::move(task).result();
    }

private:
    class Run;

    void claim();
    void drive(TaskBase& task);
    void end_tasks();
    void run_out();
    template <class Call>
    bool guarded(Call call);

    using Guard = boost::asio::executor_work_guard<LoopExecutor>;

    std::string name_;
    boost::asio::io_context context_{1};  // one thread will run it
    LoopState& state_;
    std::atomic<bool> running_{false};
    std::optional<Guard> guard_;
    std::thread thread_;
};

}  // namespace fanfetch
