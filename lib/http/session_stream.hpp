#pragma once

#include "http/server_head.hpp"
#include "http/server_options.hpp"
#include "http/session_io.hpp"
#include "http/session_watch.hpp"

namespace fanfetch {

/// Frames what a producer writes, and ends the body so that the client can tell whether it is
/// whole.
///
/// Threads  its shard
class SessionStream final : public ResponseStream {
public:
    SessionStream(
        SessionIo& io, SessionWatch& watch, const ReplyFrame& frame, Steady::duration stall
    );

    /// Throws std::logic_error when more is written than was announced.
    awaitable<bool> write(std::string_view bytes) override;
    [[nodiscard]] bool gone() const noexcept override;
    void on_gone(std::function<void()> callback) override;

    /// Writes the end; false when the body is not whole, and the connection must say so.
    awaitable<bool> finish();

private:
    SessionIo& io_;
    SessionWatch& watch_;
    reply_framing framing_;
    std::uint64_t left_;  // when counted
    Steady::duration stall_;
};

}  // namespace fanfetch
