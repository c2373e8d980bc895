#include "coro/semaphore.hpp"

#include "coro/loop_state.hpp"
#include "future/errors.hpp"

#include <boost/asio/this_coro.hpp>

namespace fanfetch {

Semaphore::Waiter::~Waiter() {
    {
        const std::lock_guard lock{from_.mutex_};
        if (is_linked()) {
            from_.waiters_.erase(from_.waiters_.iterator_to(*this));
        }
    }
    if (granted) {
        from_.give_back();
    }
}

void Semaphore::Waiter::parked() {
    const std::lock_guard lock{from_.mutex_};
    if (from_.take_free()) {
        granted = true;  // given back from another thread a moment ago
        parking_.resume_soon();
        return;
    }
    from_.waiters_.push_back(*this);
}

void Semaphore::Waiter::cancel_requested() {
    const std::lock_guard lock{from_.mutex_};
    if (is_linked()) {
        from_.waiters_.erase(from_.waiters_.iterator_to(*this));
        parking_.resume_soon();
    }
}

std::optional<Semaphore::Permit> Semaphore::Waiter::claim() noexcept {
    if (!std::exchange(granted, false)) {
        return std::nullopt;
    }
    return Permit{from_};
}

void Semaphore::Waiter::wake() {
    auto& loop = parking_.loop();
    if (loop.executor().running_in_this_thread()) {
        parking_.resume_soon();
        return;
    }
    // Granted, it stays suspended until this runs, or is unwound with its loop, which then drops
    // the call.
    auto resume = [this] { parking_.resume_now(); };
    loop.weak().post(resume);
}

awaitable<Semaphore::Permit> Semaphore::acquire() {
    if (auto permit = try_acquire()) {
        co_return std::move(*permit);
    }
    Waiter waiter{*this, loop_state(co_await boost::asio::this_coro::executor)};
    co_await waiter.finish();
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) {
        throw CancelledError{};  // the waiter passes on what it was granted
    }
    co_return std::move(*waiter.claim());
}

std::optional<Semaphore::Permit> Semaphore::try_acquire() {
    const std::lock_guard lock{mutex_};
    if (!take_free()) {
        return std::nullopt;
    }
    return Permit{*this};
}

bool Semaphore::take_free() {
    if (available_ == 0 || !waiters_.empty()) {
        return false;
    }
    --available_;
    return true;
}

void Semaphore::release() {
    {
        const std::lock_guard lock{mutex_};
        if (available_ >= limit_) {
            throw InvalidStateError{"releasing a semaphore: more often than it was acquired"};
        }
    }
    give_back();
}

void Semaphore::give_back() {
    const std::lock_guard lock{mutex_};
    if (waiters_.empty()) {
        ++available_;
        return;
    }
    auto& next = waiters_.front();
    waiters_.pop_front();
    next.granted = true;
    next.wake();
}

std::size_t Semaphore::available() const {
    const std::lock_guard lock{mutex_};
    return available_;
}

}  // namespace fanfetch
