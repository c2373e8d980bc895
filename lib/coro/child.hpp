#pragma once

#include "coro/cancellation.hpp"
#include "coro/loop.hpp"
#include "coro/loop_state.hpp"
#include "coro/parking.hpp"
#include "coro/result.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstdint>
#include <exception>
#include <type_traits>
#include <utility>

namespace fanfetch {

/// When a child takes its first step: inside the call that launches it, or in a later turn.
enum class first_step : std::uint8_t { here, next_turn };

namespace detail {

template <class T>
awaitable<> run_child(
    awaitable<T> body, Result<T>& result, CancelSource& cancel, first_step first
) {
    cancel.begun(co_await boost::asio::this_coro::cancellation_state);
    try {
        if (first == first_step::next_turn) {
            co_await boost::asio::post(boost::asio::use_awaitable_t<LoopExecutor>{});
        }
        if constexpr (std::is_void_v<T>) {
            co_await std::move(body);
            result.set_value();
        } else {
            result.set_value(co_await std::move(body));
        }
    } catch (...) {
        auto ending = current_ending(cancel.requested());
        result.set_exception(std::move(ending.error), ending.cancelled);
    }
    cancel.ended(co_await boost::asio::this_coro::cancellation_state);
    // co_spawn may await once more after us, and a pending request would make that throw past its
    // completion handler.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
}

/// What co_spawn calls at the end, and where it listens for cancellation until then.
///
/// Not a bound slot: with one, co_spawn posts a request made outside a running loop, and the posted
/// call points at what is gone if the coroutine ends first. To a handler of this shape, which
/// names no executor, requests go inside the call that makes them.
template <class Ended>
struct EndHandler {
    using cancellation_slot_type = boost::asio::cancellation_slot;

    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return slot; }
    void operator()(const std::exception_ptr&) { ended(); }

    cancellation_slot_type slot;
    Ended ended;
};

}  // namespace detail

/// Runs `body` as a coroutine of its own, to be cancelled through `cancel`. `ended()` is called on
/// the loop when the outcome is in `result` and the frame of the body is gone.
///
/// `result` and `cancel` outlive that call; `ended` may destroy them.
template <class T, class Ended>
void launch(
    LoopExecutor loop, awaitable<T> body, Result<T>& result, CancelSource& cancel, first_step first,
    Ended ended
) {
    auto completed = detail::EndHandler<Ended>{cancel.slot(), std::move(ended)};
    boost::asio::co_spawn(
        loop, detail::run_child(std::move(body), result, cancel, first), std::move(completed)
    );
}

/// Whether cancelling the one who waits cancels what it waits for.
enum class outside_cancel : std::uint8_t { forwarded, kept_out };

/// One coroutine run to its end on behalf of the coroutine that waits for it.
///
/// Threads  the loop
template <class T>
class InnerRun {
public:
    InnerRun(LoopState& loop, outside_cancel outside) noexcept : parking_{loop}, policy_{outside} {}
    InnerRun(const InnerRun&) = delete;
    InnerRun& operator=(const InnerRun&) = delete;

    /// Starts `body` and suspends the caller until it has ended, however it does.
    [[nodiscard]] awaitable<> finish(awaitable<T> body) {
        body_ = std::move(body);
        return parking_.park(*this);
    }

    [[nodiscard]] CancelSource& cancel() noexcept { return cancel_; }
    [[nodiscard]] Result<T>& result() noexcept { return result_; }
    /// Whether a request was passed on from the coroutine that waits.
    [[nodiscard]] bool cancelled_from_outside() const noexcept { return outside_; }

    void parked() {
        auto ended = [this] {
            body_ended();
            parking_.resume_now();
        };
        launch(
            parking_.loop().executor(), std::move(body_), result_, cancel_, first_step::here, ended
        );
        body_started();
    }
    void cancel_requested() {
        if (policy_ == outside_cancel::forwarded) {
            outside_ = true;
            cancel_.request();
        }
    }

protected:
    ~InnerRun() = default;

private:
    /// The body has run to its first suspension, or to its end.
    virtual void body_started() {}
    virtual void body_ended() noexcept {}

    awaitable<T> body_;
    Parking parking_;
    CancelSource cancel_;
    Result<T> result_;
    outside_cancel policy_;
    bool outside_ = false;
};

}  // namespace fanfetch
