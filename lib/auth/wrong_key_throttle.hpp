#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace fanfetch {

/// How many wrong keys a peer may show.
struct WrongKeyLimits {
    int at_once = 10;                          ///< answered without delay, for typing errors
    std::chrono::milliseconds each{200};       ///< one more is answered every so often
    std::chrono::milliseconds longest{2'000};  ///< who would have to wait longer is turned away
    std::size_t peers = 4096;                  ///< remembered one by one; beyond, they share
};

/// Slows down who tries wrong keys; a right key is never held up, because many clients may stand
/// behind the one address of a proxy.
///
/// It does not keep keys from being guessed, which their 160 bits do, but a client that repeats a
/// revoked key from taking a core and filling the log.
///
/// A peer is an IPv4 address or the /64 of an IPv6 address, of which one machine has as many as it
/// likes.
///
/// Threads  any
/// Source   the generic cell rate algorithm: ITU-T I.371, annex A
class WrongKeyThrottle {
public:
    explicit WrongKeyThrottle(WrongKeyLimits limits = {}) : limits_{limits} {}

    /// Counts a wrong key, and says how long its answer has to wait; nullopt when so many wait
    /// already that this one is turned away.
    ///
    /// `peer` is an address as text.
    [[nodiscard]] std::optional<std::chrono::milliseconds> pause(
        std::string_view peer, Steady::time_point now
    );

private:
    using Due = std::unordered_map<std::string, Steady::time_point>;

    Steady::time_point& due_of(std::string_view peer, Steady::time_point now);

    const WrongKeyLimits limits_;
    std::mutex mutex_;
    Due due_;  ///< when a peer has paid for all its wrong keys
};

/// The peer that an address counts as.
[[nodiscard]] std::string peer_group(std::string_view address);

}  // namespace fanfetch
