#pragma once

#include "future/blocking_watch.hpp"

namespace fanfetch {

/// Proof that the caller is not on a loop thread, and so may block. Functions that block ask for
/// one: `db.begin(OffLoop::claim())`.
///
/// Errors   claim() throws std::logic_error on a loop thread: blocking there is a bug
/// Threads  a token is good on the thread that claimed it
class OffLoop {
public:
    [[nodiscard]] static OffLoop claim();

private:
    OffLoop() = default;
};

/// Marks its thread as a loop thread for as long as it lives. The loop's code holds one around
/// run(). In debug builds, blocking on a future on such a thread goes to the error logger.
///
/// Threads  the thread that made it
class LoopThreadMark final : private detail::BlockingWatch {
public:
    LoopThreadMark() noexcept;
    ~LoopThreadMark() override;

    [[nodiscard]] static bool on_loop_thread() noexcept;

private:
    void begins(const detail::FutureState* state, bool limited) override;
    void ends() noexcept override;

    detail::BlockingWatch* before_;
};

}  // namespace fanfetch
