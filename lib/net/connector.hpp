#pragma once

#include "base/expected.hpp"
#include "base/time.hpp"
#include "net/connection.hpp"
#include "net/ip_address.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// How long one address may keep us before the next is dialled beside it.
///
/// Source  RFC 8305 §5 (Connection Attempt Delay)
inline constexpr std::chrono::milliseconds dial_stagger{250};

/// For how long a dial stands in line for a place before it gives up.
inline constexpr std::chrono::seconds place_patience{1};

/// Where a dial stands in line before it begins, and what came of that.
struct PlaceOrder {
    AddressPlaces* places = nullptr;  ///< none: there is no bound
    std::string key{};                ///< as PlaceClient has them
    std::string tenant{};
    bool takes_kept = false;

    Steady::duration waited{};  ///< in line, while nothing was dialled
    bool in_vain = false;       ///< no place came free within `place_patience`
    /// Of a dial that failed: the address that its failure is about, or that was tried last.
    std::optional<IpEndpoint> tried{};
};

/// A TCP connection and what it leads to.
struct Dialled {
    TcpSocket socket;
    IpEndpoint remote;
    AddressPlace place{};
    std::unique_ptr<Connection> kept{};  ///< in place of all that: one that has served before
};

/// Dials judged endpoints, in order and staggered, until one answers; the others are closed.
///
/// The next one is dialled as soon as those before have failed, or after `dial_stagger`. Of several
/// failures the one that tells most is reported. With places every address is dialled when there
/// is one at it, those behind it meanwhile; time in line is added to the deadline.
///
/// Errors   connect_refused, connect_unreachable, connect_reset, connect_timeout; queue_full when
///          this process has no descriptor left, or there was no place
/// Threads  the loop it is awaited on
/// Source   RFC 8305 (Happy Eyeballs)
[[nodiscard]] awaitable<Expected<Dialled>> dial(
    std::vector<IpEndpoint> endpoints, Steady::time_point deadline, PlaceOrder* line = nullptr
);

/// What somebody fails with who has stood in line in vain.
[[nodiscard]] Failure no_place(PlaceOrder& line);

/// The code for a failed connect, and for a failed send or receive before the origin spoke.
[[nodiscard]] failure_code connect_failure(const boost::system::error_code& error) noexcept;

}  // namespace fanfetch
