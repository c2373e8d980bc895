#pragma once

#include "coro/loop.hpp"
#include "coro/loop_state.hpp"

#include <exception>
#include <stdexcept>
#include <utility>

namespace fanfetch {

/// The coroutine was destroyed before it ended.
struct CoroutineLost : std::runtime_error {
    CoroutineLost() : runtime_error{"a coroutine was lost while it started an operation"} {}
};

/// A completion handler for co_spawn that is called once, whatever becomes of its coroutine.
///
/// What an operation throws as it is started, for want of memory say, is thrown to whoever runs the
/// loop: Asio destroys the coroutine, and its handler uncalled, so that who counts coroutines waits
/// for that one for ever. This handler is then called by its destructor, with CoroutineLost; but
/// not when it is the loop that goes, and whom it would tell with it.
///
/// `handler` must not throw when it is called with CoroutineLost.
///
/// Threads  the loop
template <class Handler>
class OwedCompletion {
public:
    OwedCompletion(LoopExecutor loop, Handler handler)
        : loop_{weak_loop(loop)}, handler_{std::move(handler)} {}
    OwedCompletion(OwedCompletion&& other) noexcept
        : loop_{std::move(other.loop_)},
          handler_{std::move(other.handler_)},
          owed_{std::exchange(other.owed_, false)} {}
    OwedCompletion& operator=(OwedCompletion&&) = delete;
    ~OwedCompletion() {
        if (owed_ && loop_.there()) {
            handler_(std::make_exception_ptr(CoroutineLost{}));
        }
    }

    void operator()(const std::exception_ptr& error) {
        owed_ = false;
        handler_(error);
    }

private:
    WeakLoop loop_;
    Handler handler_;
    bool owed_ = true;
};

}  // namespace fanfetch
