#pragma once

#include "future/future_state.hpp"

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace fanfetch::detail {

/// The state of a `Future<T>`: adds the place of the value.
///
/// Threads  `emplace` under the claim, the others when done
template <class T>
class ValueState : public FutureState {
public:
    /// What result() gives: nothing, the reference itself, or a look at the value.
    using Result = std::conditional_t<
        std::is_void_v<T> || std::is_reference_v<T>, T, std::add_lvalue_reference_t<const T>>;

    template <class... Args>
    void emplace(Args&&... args) {
        if constexpr (std::is_lvalue_reference_v<T>) {
            value_.emplace(std::addressof(args)...);
        } else {
            value_.emplace(std::forward<Args>(args)...);
        }
    }

    [[nodiscard]] Result value() const {
        if constexpr (std::is_lvalue_reference_v<T>) {
            return **value_;
        } else if constexpr (!std::is_void_v<T>) {
            return *value_;
        }
    }

    /// Moves the value out and destroys what is left of it.
    [[nodiscard]] T take() {
        if constexpr (std::is_lvalue_reference_v<T>) {
            return **value_;
        } else if constexpr (!std::is_void_v<T>) {
            T out{std::move(*value_)};
            value_.reset();
            return out;
        }
    }

private:
    static_assert(!std::is_rvalue_reference_v<T>, "a future cannot keep a temporary alive");
    using Stored = std::conditional_t<
        std::is_void_v<T>, std::monostate,
        std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>>;

    std::optional<Stored> value_;
};

}  // namespace fanfetch::detail
