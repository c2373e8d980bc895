#pragma once

#include "future/any_future.hpp"
#include "future/value_state.hpp"

#include <cstddef>
#include <functional>
#include <utility>

namespace fanfetch {

/// A handle to a value, or to the exception that came instead of it, which may still be on its way.
///
/// Made by executors, by spawn functions and by `Promise`; see AnyFuture for what all futures have
/// in common. `T` may be void or an lvalue reference and needs neither a default constructor nor a
/// copy constructor.
///
/// Errors   result() and take() throw what the task threw, CancelledError, TimeoutError, or
///          InvalidStateError after the value was taken
/// Threads  any thread; a value being taken is not to be looked at through an earlier result()
template <class T>
class [[nodiscard]] Future : public AnyFuture {
public:
    using value_type = T;

    /// Waits, then gives the value (`const T&`), which lives as long as a handle does; as often as
    /// one likes. The limit does not matter when it is done.
    typename detail::ValueState<T>::Result result(TimeLimit limit = std::nullopt) const {
        auto& shared = value_state();
        shared.wait_for_value(limit);
        return shared.value();
    }

    /// Waits, then moves the value out: `std::move(future).take()`. The future stays done; a later
    /// result() or take(), on any handle, throws InvalidStateError. For whoever is alone with the
    /// value: done callbacks run after waiters have been woken, so a future whose callback looks
    /// at the value is not one to take from.
    T take(TimeLimit limit = std::nullopt) && {
        auto& shared = value_state();
        shared.wait_to_take(limit);
        return shared.take();
    }

    /// As AnyFuture's, but calls `fn(Future<T>)`.
    template <class Fn>
    CallbackToken add_done_callback(Fn&& fn) const {
        return detail::add_done_callback<Future>(state(), std::forward<Fn>(fn));
    }

private:
    friend struct detail::StateAccess;
    explicit Future(detail::StatePtr state) noexcept : AnyFuture{std::move(state)} {}

    [[nodiscard]] detail::ValueState<T>& value_state() const {
        return static_cast<detail::ValueState<T>&>(state());
    }
};

}  // namespace fanfetch

template <class T>
struct std::hash<fanfetch::Future<T>> : std::hash<fanfetch::AnyFuture> {};
