#pragma once

#include "future/errors.hpp"
#include "future/future_state.hpp"

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace fanfetch {

namespace detail {

/// The way from handles to states and back, for the library's own modules.
struct StateAccess {
    template <class Handle>
    [[nodiscard]] static FutureState& state(const Handle& handle) {
        return handle.state();
    }
    template <class Handle>
    [[nodiscard]] static Handle make(StatePtr state) {
        return Handle{std::move(state)};
    }
};

/// A done callback that is given a handle of the type it was registered through.
template <class Handle, class Fn>
class HandleCallback final : public Callback {
public:
    template <class F>
    explicit HandleCallback(F&& fn) : fn_{std::forward<F>(fn)} {}
    void call(FutureState& state) override {
        std::invoke(fn_, StateAccess::make<Handle>(StatePtr{&state}));
    }

private:
    [[no_unique_address]] Fn fn_;
};

template <class Handle, class Fn>
CallbackToken add_done_callback(FutureState& state, Fn&& fn) {
    using Made = HandleCallback<Handle, std::decay_t<Fn>>;
    if (state.done()) {
        Made callback{std::forward<Fn>(fn)};
        state.run(callback);
        return {};
    }
    return state.attach(state.make_callback<Made>(std::forward<Fn>(fn)));
}

}  // namespace detail

/// A handle to an outcome that may still be on its way, whatever its type.
///
/// A cheap handle to a shared state: copies are the same future, compare equal and hash alike.
/// Dropping every handle neither cancels nor waits; an exception that nobody looked at (through
/// result(), exception() or a callback) goes to the error logger then. A handle that was moved
/// from may only be assigned to or destroyed; its members throw InvalidStateError.
///
/// Threads  any thread; one handle variable is not to be assigned while another thread reads it
/// Source   CPython 3.13, concurrent.futures.Future; the differences are in README.md
class AnyFuture {
public:
    [[nodiscard]] bool done() const { return state().done(); }
    [[nodiscard]] bool running() const { return state().running(); }
    [[nodiscard]] bool cancelled() const { return state().cancelled(); }

    /// True when it is cancelled now: it was pending, or had been cancelled. False when it is
    /// running or finished; nothing changes then. Callbacks run before this returns.
    bool cancel() const {
        const detail::StatePtr keep{&state()};
        return keep->cancel();
    }

    /// Waits, then tells what the task threw, empty when it returned.
    ///
    /// Errors  TimeoutError when it is not done in time, CancelledError when it was cancelled
    [[nodiscard]] std::exception_ptr exception(TimeLimit limit = std::nullopt) const {
        return state().wait_for_exception(limit);
    }

    /// Calls `fn(AnyFuture)` once when done: in the thread that completes or cancels the future, in
    /// order of registration; when already done, here and now. What it throws is logged.
    template <class Fn>
    CallbackToken add_done_callback(Fn&& fn) const {
        return detail::add_done_callback<AnyFuture>(state(), std::forward<Fn>(fn));
    }

    /// True when the callback will never be called: it was removed before its call began. False
    /// when the call has begun, or has been made.
    bool remove_done_callback(CallbackToken token) const { return state().detach(token); }

    friend bool operator==(const AnyFuture& a, const AnyFuture& b) noexcept {
        return a.state_ == b.state_;
    }

    /// The state word and, when finished, whether there is a value or which exception.
    friend std::string to_string(const AnyFuture& future) {
        return "<Future " + (future.state_ ? future.state_->describe() : "moved from") + '>';
    }

protected:
    explicit AnyFuture(detail::StatePtr state) noexcept : state_{std::move(state)} {}

    [[nodiscard]] detail::FutureState& state() const {
        if (!state_) {
            throw InvalidStateError{"the future handle was moved from"};
        }
        return *state_;
    }

private:
    friend struct detail::StateAccess;
    friend struct std::hash<AnyFuture>;

    detail::StatePtr state_;
};

}  // namespace fanfetch

template <>
struct std::hash<fanfetch::AnyFuture> {
    std::size_t operator()(const fanfetch::AnyFuture& future) const noexcept {
        return std::hash<const void*>{}(future.state_.get());
    }
};
