#pragma once

#include "coro/loop.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/intrusive/list.hpp>

#include <optional>
#include <utility>

namespace fanfetch {

class LoopState;

/// Where one coroutine is suspended until somebody on its loop resumes it. Every primitive of this
/// module that waits for something else than a socket or a timer is made of it.
///
/// It lives in the frame of the coroutine it suspends.
///
/// Threads  the loop
class Parking : public boost::intrusive::list_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    explicit Parking(LoopState& loop) noexcept : loop_{loop} {}
    Parking(const Parking&) = delete;
    Parking& operator=(const Parking&) = delete;

    [[nodiscard]] LoopState& loop() const noexcept { return loop_; }

    /// Suspends the calling coroutine. `owner.parked()` is then called once, and
    /// `owner.cancel_requested()` for each cancellation until it runs again. The first may resume
    /// with `resume_soon`, the second must not resume in any other way: it runs inside the code
    /// that cancels.
    template <class Owner>
    [[nodiscard]] awaitable<> park(Owner& owner) {
        auto begin = [this, &owner](Handler handler) {
            auto slot = boost::asio::get_associated_cancellation_slot(handler);
            if (slot.is_connected()) {
                slot.template emplace<OnCancel<Owner>>(owner);
            }
            keep(std::move(handler));
            owner.parked();
        };
        auto token = Token{};
        return boost::asio::async_initiate<Token, void()>(std::move(begin), token);
    }

    /// Whether there is a coroutine to resume.
    [[nodiscard]] bool occupied() const noexcept { return handler_.has_value(); }

    /// Resumes the coroutine in a later turn of the loop; nothing when it was resumed already.
    void resume_soon();

    /// Resumes the coroutine inside this call. On return the parking may be gone.
    void resume_now();

    /// Unwinds the coroutine without resuming it. For a loop that ends.
    void abandon() noexcept;

private:
    using Token = boost::asio::use_awaitable_t<LoopExecutor>;
    using Handler = boost::asio::async_result<Token, void()>::handler_type;

    template <class Owner>
    struct OnCancel {
        explicit OnCancel(Owner& to) noexcept : owner{to} {}
        void operator()(boost::asio::cancellation_type) { owner.cancel_requested(); }
        Owner& owner;
    };

    void keep(Handler handler);
    [[nodiscard]] Handler leave() noexcept;

    LoopState& loop_;
    std::optional<Handler> handler_;
};

}  // namespace fanfetch
