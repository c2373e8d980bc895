#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

namespace fanfetch {

/// A callable that a coroutine may run by reference: one that has a name.
///
/// The captures of a coroutine lambda live in the lambda, so it must outlive the coroutine; and
/// GCC 12 destroys the captures of a lambda twice that is written inside a co_await expression.
/// Both are avoided by giving it a name on the line above, which is why temporaries do not compile:
///
///     auto attempt = [this, index] { return fetcher_.fetch(items_[index]); };
///     auto outcome = co_await with_timeout(limit, attempt);
template <class Body>
concept NamedBody = std::is_lvalue_reference_v<Body>;

namespace detail {

/// What `body` returns, given a scope if it takes one.
template <class Body, class Scope>
struct BodyResult {
    using Awaitable = std::invoke_result_t<Body&>;
};
template <class Body, class Scope>
    requires std::invocable<Body&, Scope&>
struct BodyResult<Body, Scope> {
    using Awaitable = std::invoke_result_t<Body&, Scope&>;
};

template <class Body, class Scope>
using BodyAwaitable = typename BodyResult<std::remove_reference_t<Body>, Scope>::Awaitable;
template <class Body, class Scope>
using BodyValue = typename BodyAwaitable<Body, Scope>::value_type;

template <class Body, class Scope>
[[nodiscard]] BodyAwaitable<Body, Scope> call_body(Body& body, Scope& scope) {
    if constexpr (std::invocable<Body&, Scope&>) {
        return body(scope);
    } else {
        return body();
    }
}

}  // namespace detail
}  // namespace fanfetch
