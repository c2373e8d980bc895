#pragma once

#include "base/expected.hpp"
#include "base/time.hpp"
#include "net/connection.hpp"
#include "net/ip_address.hpp"

#include <vector>

namespace fanfetch {

/// How long one address may keep us before the next is dialled beside it.
///
/// Source  RFC 8305 §5 (Connection Attempt Delay)
inline constexpr std::chrono::milliseconds dial_stagger{250};

/// A TCP connection and what it leads to.
struct Dialled {
    TcpSocket socket;
    IpEndpoint remote;
};

/// Dials judged endpoints, in order and staggered, until one answers; the others are closed.
///
/// The next one is dialled as soon as those before have failed, or after `dial_stagger`. Of several
/// failures the one that tells most is reported.
///
/// Errors   connect_refused, connect_unreachable, connect_reset, connect_timeout; queue_full when
///          this process has no descriptor left
/// Threads  the loop it is awaited on
/// Source   RFC 8305 (Happy Eyeballs)
[[nodiscard]] awaitable<Expected<Dialled>> dial(
    std::vector<IpEndpoint> endpoints, Steady::time_point deadline
);

/// The code for a failed connect, and for a failed send or receive before the origin spoke.
[[nodiscard]] failure_code connect_failure(const boost::system::error_code& error) noexcept;

}  // namespace fanfetch
