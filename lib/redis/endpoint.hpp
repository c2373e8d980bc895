#pragma once

#include "base/expected.hpp"
#include "base/time.hpp"
#include "coro/loop.hpp"
#include "net/ip_address.hpp"
#include "net/resolver.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace fanfetch::redis {

/// Where a server listens: an address, "localhost", or a name.
struct Endpoint {
    std::string host = "127.0.0.1";
    std::uint16_t port = 6379;
};

/// "192.0.2.1:6379" or "[2001:db8::1]:6379" or "redis.example:6379"
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

/// Whether somebody has to be asked for its address.
[[nodiscard]] bool is_name(const Endpoint& endpoint) noexcept;

/// The addresses to dial, in order. Nothing is judged: the server is the operator's own, like the
/// database.
///
/// Errors  those of Resolver::resolve
[[nodiscard]] awaitable<Expected<std::vector<IpEndpoint>>> addresses_of(
    Endpoint endpoint, Resolver* names, Steady::time_point deadline
);

}  // namespace fanfetch::redis
