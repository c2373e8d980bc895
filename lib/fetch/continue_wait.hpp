#pragma once

#include "coro/deadline_wheel.hpp"
#include "net/tls_stream.hpp"

#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>

namespace fanfetch {

/// Bodies longer than this are announced with `Expect: 100-continue`: whoever does not want one
/// can say so before it is on its way.
inline constexpr std::size_t longest_unasked_body = 1U << 20U;

/// How long the origin has to ask for the body; then it comes unasked. Many never do.
///
/// Source  RFC 9110 §10.1.1: a client should not wait for ever
inline constexpr std::chrono::seconds longest_continue_wait{1};

/// The wait for 100 Continue. When it is over, what is being read from the socket is cancelled,
/// with nothing lost: the socket stays open.
///
/// Threads  the loop
class ContinueWait final : private DeadlineEntry {
public:
    ContinueWait(DeadlineWheel& wheel, TcpSocket& socket) noexcept
        : wheel_{wheel}, socket_{socket} {}

    void begin(Steady::time_point now) { wheel_.arm(*this, now + longest_continue_wait); }
    void stop() noexcept { wheel_.disarm(*this); }
    [[nodiscard]] bool over() const noexcept { return over_; }

private:
    void expire() noexcept override {
        over_ = true;
        boost::system::error_code
            ignored;  // a socket that cannot be cancelled has an error of its own
        socket_.cancel(ignored);
    }

    DeadlineWheel& wheel_;
    TcpSocket& socket_;
    bool over_ = false;
};

}  // namespace fanfetch
