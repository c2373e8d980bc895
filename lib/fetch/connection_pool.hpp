#pragma once

#include "base/time.hpp"
#include "model/options.hpp"
#include "net/gate.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace fanfetch {

/// The idle connections of one shard, by what they may be used for.
///
/// The key holds the origin, the TLS policy and the tenant, so that a connection never serves
/// anyone it was not opened for. The newest is used first; one that idled longer than
/// `idle_limit` is closed, and so is the oldest when there are more than `most`.
///
/// Threads  the shard it was made for
class ConnectionPool {
public:
    struct Limits {
        std::chrono::milliseconds idle_limit{15'000};  ///< below the keep-alive of common servers
        std::size_t most = 512;
        std::size_t most_per_key = 64;
    };

    explicit ConnectionPool(Limits limits) noexcept : limits_{limits} {}

    [[nodiscard]] static std::string key(
        const Url& url, tls_verify verify, std::string_view tenant
    );

    /// An idle connection on which nothing has arrived unasked, or null.
    [[nodiscard]] std::unique_ptr<Connection> take(const std::string& key);

    void put(
        const std::string& key, std::unique_ptr<Connection> connection, Steady::time_point now
    );

    /// Closes up to so many of those to an address, the oldest first; how many it were.
    std::size_t give_up(const IpAddress& address, std::size_t count);

    /// Closes what has idled too long. Called about once a second.
    void sweep(Steady::time_point now);
    void clear();

    [[nodiscard]] std::size_t size() const noexcept { return idle_.size(); }

private:
    struct Idle {
        std::unique_ptr<Connection> connection;
        Steady::time_point since;
        const std::string* key;
    };
    using Order = std::list<Idle>;  // oldest first

    void drop(Order::iterator one);

    Limits limits_;
    Order idle_;
    std::unordered_map<std::string, std::vector<Order::iterator>> by_key_;  // newest last
};

/// Whether an idle connection is still as we left it: open, and nothing to read. Bytes that came
/// unasked must not become the next request's response.
[[nodiscard]] bool still_quiet(Connection& connection);

}  // namespace fanfetch
