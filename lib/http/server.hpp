#pragma once

#include "http/server_options.hpp"
#include "http/server_types.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace fanfetch {

/// Listens on one address and answers HTTP/1.1 over the shards it is given.
///
/// One acceptor, on the first shard, hands connections round robin to all of them: a few busy
/// connections spread evenly, which SO_REUSEPORT's hash does not promise, and port 0 needs no
/// second bind. Beyond `max_connections`, and when the process is out of descriptors, a connection
/// may still ask for what is essential and otherwise gets 503.
///
/// Errors   listen(): the system's error
/// Threads  listen() and drain() anywhere, shutdown() on the first shard. The handler runs on every
///          shard. Destroyed after shutdown(), or when listen() was never called
class HttpServer {
public:
    HttpServer(std::vector<LoopExecutor> shards, HttpHandler handler, ServerOptions options = {});
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Binds and begins to accept; says where, which tells the port when 0 was asked for.
    [[nodiscard]] Expected<boost::asio::ip::tcp::endpoint> listen(
        const boost::asio::ip::tcp::endpoint& address
    );

    /// From now on every reply ends its connection; new connections are still served, so that
    /// readiness and status can be asked for.
    void drain();

    /// Stops accepting, closes idle connections and tells streams to end; lets the requests in
    /// progress finish for `grace`; then cancels the rest and waits for it.
    awaitable<void> shutdown(std::chrono::milliseconds grace);

    /// How many connections are open now. Any thread.
    [[nodiscard]] std::size_t open_connections() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace fanfetch
