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

    /// What the server is told, on the shard.
    struct Events {
        std::function<void(session_kind)> ended;  ///< a session
        std::function<void()> quiet;              ///< stopped, and the last thing has ended; once
    };

    SessionShard(
        LoopExecutor executor, const ServerOptions& options, const HttpHandler& handler,
        Events events
    );
    ~SessionShard();
    SessionShard(const SessionShard&) = delete;
    SessionShard& operator=(const SessionShard&) = delete;

    [[nodiscard]] LoopExecutor executor() const noexcept { return executor_; }  ///< any thread

    /// Serves one more connection. After stop(), it is closed instead.
    void adopt(std::unique_ptr<Wire> wire, std::string peer, session_kind kind);

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
            std::string peer, session_kind kind
        )
            : session{context, executor, std::move(wire), std::move(peer), kind} {}

        Session session;
        boost::asio::cancellation_signal cancelled;
    };
    using Entries = std::list<Entry>;

    void end(Entries& entries, Entries::iterator entry, const std::exception_ptr& error);
    void tell_if_quiet();

    LoopExecutor executor_;
    Events events_;
    SessionContext context_;
    Entries regular_;
    Entries overflow_;  // the oldest first
    bool stopped_ = false;
    bool cancelled_ = false;
};

}  // namespace fanfetch
