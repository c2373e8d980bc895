#include "net/wakeup.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

namespace fanfetch {

awaitable<> Wakeup::wait_until(Steady::time_point latest) {
    timer_.expires_at(latest);
    auto [error] = co_await timer_.async_wait(no_throw);
    if (error) {
        co_await rethrow_cancellation();
    }
}

awaitable<> rethrow_cancellation() {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) {
        throw boost::system::system_error{boost::asio::error::operation_aborted};
    }
}

}  // namespace fanfetch
