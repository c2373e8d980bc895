#pragma once

#include "base/time.hpp"
#include "coro/deadline_wheel.hpp"
#include "coro/loop.hpp"
#include "coro/parking.hpp"
#include "http2/http2_core.hpp"
#include "net/connection.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <string>

namespace fanfetch {

/// A TLS connection on which HTTP/2 was agreed on, shared by the exchanges that open streams on it.
///
/// Two coroutines of its own read and write until it is closed; they keep it alive, and end with
/// the connection or the loop. What the streams want sent in one turn of the loop leaves together.
///
/// It closes by itself when it has been lost, when the protocol was broken, and when it takes no
/// more streams and the last one has ended. An orderly close says GOAWAY, and takes a second at
/// most.
///
/// Errors   of streams: those of Http2Core; http_truncated or connect_reset when it is lost
/// Threads  the loop of the connection
class Http2Connection final : public std::enable_shared_from_this<Http2Connection> {
public:
    /// Who hands out its streams.
    class Owner {
    public:
        /// There may be room now, or the connection takes no more streams.
        virtual void connection_changed() noexcept = 0;

    protected:
        ~Owner() = default;
    };

    [[nodiscard]] static std::shared_ptr<Http2Connection> start(
        std::unique_ptr<Connection> line, Http2Limits limits, std::weak_ptr<Owner> owner
    );
    Http2Connection(const Http2Connection&) = delete;
    Http2Connection& operator=(const Http2Connection&) = delete;
    ~Http2Connection() = default;

    [[nodiscard]] const DialReport& report() const noexcept { return line_->report; }
    [[nodiscard]] const AddressPlace& place() const noexcept { return line_->place; }
    [[nodiscard]] LoopExecutor loop() const noexcept { return line_->socket.get_executor(); }

    /// The origin has said how many streams it takes; until then there is one.
    [[nodiscard]] bool settled() const noexcept { return core_.settled(); }
    [[nodiscard]] std::size_t room() const noexcept { return core_.room(); }
    [[nodiscard]] std::size_t streams() const noexcept { return core_.streams(); }
    /// Takes no more streams.
    [[nodiscard]] bool draining() const noexcept { return core_.draining(); }
    /// Since when there has been no stream.
    [[nodiscard]] Steady::time_point idle_since() const noexcept { return idle_since_; }
    [[nodiscard]] Steady::time_point last_read() const noexcept { return last_read_; }

    /// As Http2Core has them.
    [[nodiscard]] Expected<void> open(
        const Http2Request& request, ResponseHead& head, Http2Stream& stream
    );
    void give_up(Http2Stream& stream);
    void consumed(Http2Stream& stream, std::size_t bytes);

    /// Takes no more streams, and is closed when the last one has ended.
    void retire();

private:
    /// What the writing coroutine waits in.
    struct Writer {
        explicit Writer(LoopState& loop) : parking{loop} {}
        void parked() noexcept {}
        void cancel_requested() {
            cancelled = true;
            parking.resume_soon();
        }
        Parking parking;
        bool cancelled = false;
    };
    /// An orderly close that nobody reads.
    struct CloseLimit final : DeadlineEntry {
        explicit CloseLimit(Http2Connection& connection) noexcept : connection_{connection} {}
        void expire() noexcept override { connection_.lose("the time to close it was up"); }
        Http2Connection& connection_;
    };
    using Self = std::shared_ptr<Http2Connection>;

    Http2Connection(
        std::unique_ptr<Connection> line, Http2Limits limits, std::weak_ptr<Owner> owner
    );
    static awaitable<void> read_all(Self self);
    static awaitable<void> write_all(Self self);

    void on_read(const boost::system::error_code& error, std::size_t size);
    [[nodiscard]] bool fill();
    void on_written(const boost::system::error_code& error, std::size_t size);
    void on_lost(const boost::system::error_code& error);
    void settle();
    void lose(std::string why);
    void finish(const Failure& lost);

    std::unique_ptr<Connection> line_;
    std::weak_ptr<Owner> owner_;
    Http2Core core_;
    Writer writer_;
    CloseLimit close_limit_;
    Steady::time_point idle_since_;
    Steady::time_point last_read_;
    std::size_t room_told_ = 0;
    std::string out_;
    std::size_t written_ = 0;
    bool receiving_ = false;  // streams are being told; what follows from it comes after
    bool closing_ = false;
    bool ended_ = false;
    std::array<char, 16U << 10U> buffer_;
};

}  // namespace fanfetch
