#pragma once

#include "base/time.hpp"
#include "coro/loop.hpp"
#include "http2/http2_connection.hpp"
#include "net/wakeup.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace fanfetch {

/// What one origin is to the pool of HTTP/2 connections: its connections, who is dialling, and who
/// waits for room. Shared with those who dial, so that they may outlive the pool.
///
/// Threads  the loop
class Http2Origin final : public Http2Connection::Owner {
public:
    enum class speech : std::uint8_t { unknown, http1, http2 };
    /// Why a wait is over.
    enum class news : std::uint8_t { look_again, dial_yourself, too_late };

    /// A connection with room for a stream, or null.
    [[nodiscard]] std::shared_ptr<Http2Connection> take();

    /// Whether the next one is the caller's to dial. Of an origin whose version is known to be
    /// HTTP/1.1 everyone dials for himself, else one at a time, and none while a connection is
    /// about to tell how many streams it takes.
    [[nodiscard]] bool has_settled() const noexcept;
    [[nodiscard]] bool may_dial(std::size_t most, Steady::time_point now) const noexcept;
    [[nodiscard]] bool speaks_http1(Steady::time_point now) const noexcept {
        return speech_ == speech::http1 && now < known_until_;
    }
    void begin_dial() noexcept { dialling_ = true; }
    /// The dial is over; whoever waits looks again, or dials himself.
    void end_dial(news what) noexcept;

    /// Waits until something has changed.
    ///
    /// Errors   system_error, operation_aborted, when the coroutine is cancelled
    awaitable<news> wait(Steady::time_point deadline);

    void add(std::shared_ptr<Http2Connection> connection);
    void speaks(speech what, Steady::time_point now) noexcept;

    /// Drops those that take no more streams and retires those idle since before `latest`.
    void sweep(Steady::time_point latest);
    /// Retires up to so many idle ones to an address; how many it were.
    std::size_t retire_idle(const IpAddress& address, std::size_t count);
    void retire_all();
    [[nodiscard]] bool forgettable(Steady::time_point now) const noexcept;
    [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }
    /// When its longest idle connection became so; the far future when none is.
    [[nodiscard]] Steady::time_point oldest_idle() const noexcept;

    void connection_changed() noexcept override;

private:
    struct Waiter : boost::intrusive::list_base_hook<
                        boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
        explicit Waiter(LoopExecutor loop) : wakeup{loop} {}
        Wakeup wakeup;
        bool woken = false;
        news what = news::too_late;
    };
    using Waiters = boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>>;

    void drop_closed();
    void wake_some(std::size_t count) noexcept;
    static void wake(Waiter& waiter, news what) noexcept;

    std::vector<std::shared_ptr<Http2Connection>> connections_;
    Waiters waiters_;
    speech speech_ = speech::unknown;
    Steady::time_point known_until_{};
    bool dialling_ = false;
};

}  // namespace fanfetch
