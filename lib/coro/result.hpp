#pragma once

#include "future/errors.hpp"

#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

namespace fanfetch {

/// What became of a coroutine: a value, an exception, or CancelledError.
///
/// Threads  one at a time
template <class T = void>
class Result {
public:
    using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    /// Nothing yet.
    Result() = default;

    template <class... Args>
    void set_value(Args&&... args) {
        outcome_.template emplace<1>(std::forward<Args>(args)...);
    }
    void set_exception(std::exception_ptr error, bool cancelled) noexcept {
        outcome_.template emplace<2>(std::move(error));
        cancelled_ = cancelled;
    }

    [[nodiscard]] bool has_value() const noexcept { return outcome_.index() == 1; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }
    /// Neither a value nor cancelled.
    [[nodiscard]] bool failed() const noexcept { return outcome_.index() == 2 && !cancelled_; }

    /// The exception, CancelledError included; null when there is a value.
    [[nodiscard]] std::exception_ptr exception() const noexcept {
        return outcome_.index() == 2 ? std::get<2>(outcome_) : nullptr;
    }

    /// The value, or throws what the coroutine threw.
    const Value& value() const& {
        rethrow();
        return std::get<1>(outcome_);
    }
    Value value() && {
        rethrow();
        return std::move(std::get<1>(outcome_));
    }

private:
    void rethrow() const {
        if (outcome_.index() == 2) {
            std::rethrow_exception(std::get<2>(outcome_));
        }
        if (outcome_.index() == 0) {
            throw InvalidStateError{"reading a result: there is none yet"};
        }
    }

    std::variant<std::monostate, Value, std::exception_ptr> outcome_;
    bool cancelled_ = false;
};

}  // namespace fanfetch
