#include "coro/async_queue.hpp"

namespace fanfetch::detail {

TurnQueue::Waiter::~Waiter() {
    if (has_turn_) {
        --queue_.given_;
        queue_.give();
    }
}

bool TurnQueue::Waiter::use_turn() noexcept {
    if (!std::exchange(has_turn_, false)) {
        return false;
    }
    --queue_.given_;
    return true;
}

void TurnQueue::Waiter::cancel_requested() {
    if (is_linked()) {
        leave(false);
    }
}

void TurnQueue::Waiter::leave(bool with_turn) {
    unlink();
    if (with_turn) {
        has_turn_ = true;
        ++queue_.given_;
    }
    parking_.resume_soon();
}

awaitable<bool> TurnQueue::wait() {
    Waiter waiter{*this, loop_state(co_await boost::asio::this_coro::executor)};
    co_await waiter.finish();
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) {
        throw CancelledError{};
    }
    co_return waiter.use_turn();
}

void TurnQueue::give() {
    if (!waiters_.empty()) {
        waiters_.front().leave(true);
    }
}

void TurnQueue::close() {
    while (!waiters_.empty()) {
        waiters_.front().leave(false);
    }
}

}  // namespace fanfetch::detail
