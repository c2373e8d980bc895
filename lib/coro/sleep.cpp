#include "coro/sleep.hpp"

#include "future/errors.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace fanfetch {
namespace {

using LoopTimer =
    boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>;

}  // namespace

awaitable<> yield_now() {
    co_await boost::asio::post(boost::asio::use_awaitable_t<LoopExecutor>{});
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) {
        throw CancelledError{};
    }
}

awaitable<> sleep_until(Steady::time_point when) {
    if (when <= Steady::now()) {
        co_return co_await yield_now();
    }
    LoopTimer timer{co_await boost::asio::this_coro::executor, when};
    auto [error] = co_await timer.async_wait(no_throw);
    if (error) {
        throw CancelledError{};  // nobody else has the timer
    }
}

awaitable<> sleep(TimeLimit pause) {
    return sleep_until(pause.deadline().value_or(Steady::time_point::max()));
}

}  // namespace fanfetch
