#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace fanfetch {

/// The executor of a shard's loop: concrete, because type erasure costs a virtual call and often
/// an allocation at every suspension.
using LoopExecutor = boost::asio::io_context::executor_type;

/// A coroutine that runs on a loop.
template <class T = void>
using awaitable = boost::asio::awaitable<T, LoopExecutor>;

/// The house token: operations complete with their error_code as a value, in a tuple.
///
///     auto [error, bytes] = co_await socket.async_read_some(buffer, no_throw);
inline constexpr auto no_throw =
    boost::asio::as_tuple(boost::asio::use_awaitable_t<LoopExecutor>{});

}  // namespace fanfetch
