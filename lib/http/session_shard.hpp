#pragma once

#include "http/session.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <string>

namespace fanfetch {

/// The sessions of one shard: starts them, and knows when the last ended.
///
/// Threads  its shard's, except where said
class SessionShard {
public:
    /// Overflow connections that may be open at a time; beyond, the oldest idle one gives way.
    static constexpr std::size_t max_overflow = 64;

    /// `quiet` is called once, on the shard: it is stopped, and the last session has ended.
    SessionShard(
        LoopExecutor executor, const ServerOptions& options, const HttpHandler& handler,
        std::function<void()> quiet
    );
    ~SessionShard();
    SessionShard(const SessionShard&) = delete;
    SessionShard& operator=(const SessionShard&) = delete;

    [[nodiscard]] LoopExecutor executor() const noexcept { return executor_; }  ///< any thread

    /// Serves one more connection. After stop(), it is closed instead.
    void adopt(std::unique_ptr<Wire> wire, std::string peer, SessionPlace place);

    /// From now on every reply ends its connection.
    void drain() noexcept { context_.draining = true; }

    /// Closes idle sessions, tells streams to end, and takes no more.
    void stop();

    /// Cancels what still runs.
    void cancel();

    /// Ends the oldest overflow session that is idle.
    void make_room();

private:
    struct Entry {
        Entry(
            SessionContext& context, LoopExecutor executor, std::unique_ptr<Wire> wire,
            std::string peer, SessionPlace held
        )
            : place{std::move(held)},
              session{context, executor, std::move(wire), std::move(peer), place.kind()} {}

        SessionPlace place;  // given back when the socket is closed
        Session session;
        boost::asio::cancellation_signal cancelled;
    };
    using Entries = std::list<Entry>;

    void end(Entries& entries, Entries::iterator entry, const std::exception_ptr& error);
    void tell_if_quiet();

    LoopExecutor executor_;
    std::function<void()> quiet_;
    SessionContext context_;
    Entries regular_;
    Entries overflow_;  // the oldest first
    bool stopped_ = false;
    bool cancelled_ = false;
};

}  // namespace fanfetch
