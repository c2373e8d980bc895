#pragma once

#include "base/expected.hpp"

#include <bitset>
#include <cstdint>
#include <span>
#include <string>

namespace fanfetch {

/// Which ports may be dialled, read from `egress.ports`.
///
/// The default is 80, 443 and 1024–65535 without the ports that browsers refuse and those where
/// databases and cluster managers usually listen. A list replaces the default: "80", "8000-8999",
/// and the word "default" for all of the above. A range leaves the refused ports out; a port
/// written by itself is meant. Port 0 does not exist.
///
/// Threads  immutable value
/// Source   https://fetch.spec.whatwg.org/#port-blocking
class PortPolicy {
public:
    /// What strangers may reach.
    [[nodiscard]] static PortPolicy standard();
    /// What the person at the keyboard may reach: all that a browser would dial.
    [[nodiscard]] static PortPolicy personal();
    /// Errors  request_invalid, naming the entry; an empty list is the standard
    [[nodiscard]] static Expected<PortPolicy> parse(std::span<const std::string> entries);

    [[nodiscard]] bool allows(std::uint16_t port) const noexcept { return allowed_[port]; }

private:
    std::bitset<65536> allowed_;
};

}  // namespace fanfetch
