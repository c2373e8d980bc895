#pragma once

#include "coro/loop.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>

#include <exception>

namespace fanfetch {

/// How one coroutine is asked to stop.
///
/// The request is always `terminal`: co_spawn hears nothing else, `total` would be lost without a
/// word. It reaches the operation the coroutine is suspended in, or the next one.
///
/// Threads  the loop of the coroutine; the signal is not safe to emit from elsewhere
class CancelSource {
public:
    void request() {
        requested_ = true;
        signal_.emit(boost::asio::cancellation_type::terminal);
    }
    [[nodiscard]] bool requested() const noexcept { return requested_; }
    [[nodiscard]] boost::asio::cancellation_slot slot() noexcept { return signal_.slot(); }

    /// Told by the coroutine as it begins and as it ends: its cancellation state.
    void begun(const boost::asio::cancellation_state& state) noexcept { inner_ = state.slot(); }
    void ended(const boost::asio::cancellation_state& state) noexcept {
        pending_ = state.cancelled() != boost::asio::cancellation_type::none;
    }

    /// Whether `state` is that of the coroutine listening here.
    [[nodiscard]] bool belongs_to(const boost::asio::cancellation_state& state) const noexcept {
        return inner_.is_connected() && inner_ == state.slot();
    }
    /// Whether the coroutine ended with a request it had not taken back.
    [[nodiscard]] bool pending_at_end() const noexcept { return pending_; }

private:
    boost::asio::cancellation_signal signal_;
    boost::asio::cancellation_slot inner_;  ///< compared, never used
    bool requested_ = false;
    bool pending_ = false;
};

/// An exception that ended a coroutine, and whether that is a cancellation.
struct Ending {
    std::exception_ptr error;
    bool cancelled = false;
};

/// Judges the exception being handled. Asio's `operation_aborted` is a cancellation, and becomes
/// CancelledError, only if the coroutine was asked to stop; else some socket was closed under it.
[[nodiscard]] Ending current_ending(bool requested) noexcept;

}  // namespace fanfetch
