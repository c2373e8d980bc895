#pragma once

#include "future/future.hpp"

#include <exception>
#include <type_traits>
#include <utility>

namespace fanfetch {

/// The producing side of a future: whoever owns it owes an outcome.
///
/// Destroyed without one, it stores BrokenPromise. A promise that was moved from has no future any
/// more; its members throw InvalidStateError.
///
/// Errors   InvalidStateError when the future is done; the first outcome stands. A value whose
///          constructor throws changes nothing
/// Threads  any thread; moving and destroying are for its owner. Callbacks run in the thread that
///          sets the outcome, before the call returns
template <class T>
class Promise {
public:
    Promise() : state_{new detail::ValueState<T>} {}
    Promise(Promise&&) noexcept = default;
    Promise& operator=(Promise&& other) noexcept {
        Promise moved{std::move(other)};
        state_.swap(moved.state_);
        return *this;
    }
    ~Promise() {
        if (state_ && !state_->done() && !state_->unobserved()) {
            state_->try_set_exception(std::make_exception_ptr(BrokenPromise{}));
        }
    }

    [[nodiscard]] Future<T> get_future() const {
        return detail::StateAccess::make<Future<T>>(keep());
    }

    /// True: the work may start and can no longer be cancelled. False: it was cancelled, skip it.
    [[nodiscard]] bool set_running_or_notify_cancel() {
        return keep()->set_running_or_notify_cancel();
    }

    /// Constructs the value in place: `set_result()` for void, `set_result(value)` else.
    template <class... Args>
    void set_result(Args&&... args) {
        if (!try_set_result(std::forward<Args>(args)...)) {
            throw_done();
        }
    }

    void set_exception(const std::exception_ptr& error) {
        if (!try_set_exception(error)) {
            throw_done();
        }
    }

    /// As set_result, but says false when there is an outcome already.
    template <class... Args>
    bool try_set_result(Args&&... args) {
        const auto state = keep();  // the promise may be destroyed once the result is seen
        if (!state->claim()) {
            return false;
        }
        try {
            state->emplace(std::forward<Args>(args)...);
        } catch (...) {
            state->unclaim();
            throw;
        }
        state->publish();
        return true;
    }

    bool try_set_exception(const std::exception_ptr& error) {
        return keep()->try_set_exception(error);
    }

private:
    using State = boost::intrusive_ptr<detail::ValueState<T>>;

    [[nodiscard]] State keep() const {
        if (!state_) {
            throw InvalidStateError{"the promise was moved from"};
        }
        return state_;
    }
    [[noreturn]] void throw_done() const {
        throw InvalidStateError{"the future is already " + keep()->describe()};
    }

    State state_;
};

namespace detail {

struct Deduced {};

template <class T, class... Args>
struct ReadyType {
    using type = T;
};
template <>
struct ReadyType<Deduced> {
    using type = void;
};
template <class Arg>
struct ReadyType<Deduced, Arg> {
    using type = std::decay_t<Arg>;
};

}  // namespace detail

/// A future that is done: `make_ready(5)`, `make_ready<std::string>("text")`, `make_ready()`.
template <class T = detail::Deduced, class... Args>
[[nodiscard]] auto make_ready(Args&&... args) {
    Promise<typename detail::ReadyType<T, Args...>::type> promise;
    promise.set_result(std::forward<Args>(args)...);
    return promise.get_future();
}

/// A future that is done with an exception: `make_failed<int>(std::make_exception_ptr(...))`.
template <class T>
[[nodiscard]] Future<T> make_failed(const std::exception_ptr& error) {
    Promise<T> promise;
    promise.set_exception(error);
    return promise.get_future();
}

}  // namespace fanfetch
