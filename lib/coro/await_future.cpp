#include "coro/await_future.hpp"

#include "coro/loop_state.hpp"
#include "coro/parking.hpp"
#include "coro/weak_loop.hpp"
#include "future/errors.hpp"

#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <memory>

namespace fanfetch::detail {
namespace {

/// What the completing thread holds on to. It outlives the coroutine, and the loop.
struct WakeUp {
    explicit WakeUp(WeakLoop to) : loop{std::move(to)} {}

    WeakLoop loop;
    std::atomic<bool> wanted{true};  ///< false spares the loop a turn; only `parking` decides
    Parking* parking = nullptr;      ///< the loop's; null once the coroutine is gone
};

class FutureWait {
public:
    FutureWait(LoopState& loop, AnyFuture future)
        : future_{std::move(future)},
          parking_{loop},
          wake_up_{std::make_shared<WakeUp>(loop.weak())} {
        wake_up_->parking = &parking_;
    }
    FutureWait(const FutureWait&) = delete;
    FutureWait& operator=(const FutureWait&) = delete;
    ~FutureWait() { forget(); }

    [[nodiscard]] awaitable<> finish() { return parking_.park(*this); }
    [[nodiscard]] bool given_up() const noexcept { return given_up_; }

    void parked() {
        // Never removed: having been called back counts as having looked at the outcome, so that
        // an exception which comes too late is not reported.
        auto completed = [wake_up = wake_up_](const AnyFuture&) { tell_loop(wake_up); };
        future_.add_done_callback(std::move(completed));
    }

    void cancel_requested() {
        if (given_up_ || !parking_.occupied()) {
            return;
        }
        given_up_ = true;
        forget();
        future_.cancel();
        parking_.resume_soon();
    }

private:
    static void tell_loop(const std::shared_ptr<WakeUp>& wake_up) {
        if (!wake_up->wanted.load(std::memory_order_relaxed)) {
            return;
        }
        auto resume = [wake_up] {
            if (wake_up->parking != nullptr) {
                wake_up->parking->resume_now();
            }
        };
        wake_up->loop.post(resume);
    }

    void forget() noexcept {
        wake_up_->parking = nullptr;
        wake_up_->wanted.store(false, std::memory_order_relaxed);
    }

    AnyFuture future_;
    Parking parking_;
    std::shared_ptr<WakeUp> wake_up_;
    bool given_up_ = false;
};

}  // namespace

awaitable<> await_done(AnyFuture future) {
    auto& loop = loop_state(co_await boost::asio::this_coro::executor);
    FutureWait wait{loop, std::move(future)};
    co_await wait.finish();
    if (wait.given_up()) {
        throw CancelledError{};
    }
}

}  // namespace fanfetch::detail
