#pragma once

#include "base/time.hpp"
#include "coro/loop.hpp"
#include "http2/http2_connection.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

namespace fanfetch {

class Http2Origin;

/// The HTTP/2 connections of one shard, by what they may be used for, and who dials the next one.
///
/// Which version an origin speaks is known after the first handshake only, so that whoever comes
/// first dials and the others wait for what comes of it: streams to open, or an origin of HTTP/1.1
/// to which everyone dials for himself. That is remembered for a minute. When all connections of
/// an origin are full one more is dialled, up to `most_per_key`; beyond that a request waits for a
/// stream to end.
///
///     auto turn = co_await pool.turn(key, patience);
///     // a connection with room; or the caller is to dial, and tells `turn` what came of it
///
/// The keys are ConnectionPool's.
///
/// Threads  the shard it was made for
class Http2Pool {
public:
    struct Limits {
        std::chrono::milliseconds idle_limit{15'000};
        std::size_t most = 512;  ///< connections; the longest idle one makes room
        std::size_t most_per_key = 16;
        Http2Limits connection;
    };
    enum class next_step : std::uint8_t {
        use,      ///< `connection` has room for a stream
        dial,     ///< and say with `found` or by destroying the turn what came of it
        give_up,  ///< the deadline has passed
    };

    /// Until when a request waits: for somebody else's dial, and for a stream to end.
    struct Patience {
        Steady::time_point dial;
        Steady::time_point stream;
    };

    /// What a request that needs a connection does next.
    class Turn {
    public:
        Turn() = default;
        Turn(next_step what, std::shared_ptr<Http2Connection> ready) noexcept
            : step{what}, connection{std::move(ready)} {}
        explicit Turn(std::shared_ptr<Http2Origin> dialling) noexcept
            : step{next_step::dial}, origin_{std::move(dialling)} {}
        Turn(Turn&&) noexcept = default;
        Turn& operator=(Turn&&) noexcept = default;
        ~Turn();

        next_step step = next_step::give_up;
        std::shared_ptr<Http2Connection> connection;

    private:
        friend class Http2Pool;
        std::shared_ptr<Http2Origin> origin_;  // that the others wait for, if it is to be dialled
    };

    explicit Http2Pool(Limits limits) noexcept : limits_{limits} {}
    Http2Pool(const Http2Pool&) = delete;
    Http2Pool& operator=(const Http2Pool&) = delete;
    ~Http2Pool();

    /// A connection with room for a stream, or null.
    [[nodiscard]] std::shared_ptr<Http2Connection> take(const std::string& key);

    /// Waits until there is something to do.
    ///
    /// Errors   system_error, operation_aborted, when the coroutine is cancelled
    awaitable<Turn> turn(std::string key, Patience patience);

    /// What was dialled speaks HTTP/2; it serves others from here on.
    [[nodiscard]] std::shared_ptr<Http2Connection> adopt(
        Turn& turn, const std::string& key, std::unique_ptr<Connection> line
    );
    /// It speaks HTTP/1.1, and so will the next.
    void found_http1(Turn& turn, const std::string& key);
    /// It could not be reached: those who wait dial for themselves, with the time they have left.
    static void failed_to_dial(Turn& turn);

    /// After an exchange with `key`. Takes no more of them when others wait for its place.
    void done_with(Http2Connection& connection, const std::string& key) const;

    /// Closes what has idled too long. Called about once a second.
    void sweep(Steady::time_point now);
    /// Closes up to so many idle ones to an address.
    void give_up_idle(const IpAddress& address, std::size_t count);
    /// Closes what is idle, and the rest once it is. None is kept from here on.
    void clear();
    /// The connections that are open serve nothing new; those that come do.
    void renew();

    /// Whether there is anything to sweep.
    [[nodiscard]] bool empty() const noexcept { return origins_.empty(); }
    [[nodiscard]] std::size_t connections() const noexcept;

private:
    [[nodiscard]] const std::shared_ptr<Http2Origin>& at(const std::string& key);
    void make_room();

    Limits limits_;
    std::unordered_map<std::string, std::shared_ptr<Http2Origin>> origins_;
    bool closing_ = false;
};

}  // namespace fanfetch
