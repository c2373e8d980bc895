#pragma once

#include "http/server_body.hpp"
#include "http/server_options.hpp"
#include "http/session_io.hpp"
#include "http/session_watch.hpp"

#include <optional>

namespace fanfetch {

/// The body of the request a session is answering.
///
/// A client that sends slower than `min_upload_rate` after the first `header_timeout` is cut off;
/// only time in which we wait for it counts.
///
/// Threads  its shard
class SessionBody final : public RequestBody {
public:
    SessionBody(
        SessionIo& io, SessionWatch& watch, const ServerLimits& limits,
        const RequestFraming& framing
    );

    awaitable<Expected<std::string_view>> next() override;
    [[nodiscard]] std::optional<std::uint64_t> declared_size() const override;

    [[nodiscard]] bool done() const noexcept { return reader_.done(); }

    /// Whether what is left can be read away, so that the connection lives on.
    [[nodiscard]] bool can_drain() const noexcept;

    /// Reads what nobody read; false when that is too much or fails.
    awaitable<bool> drain();

private:
    [[nodiscard]] Steady::time_point deadline() const noexcept;
    awaitable<std::optional<Failure>> wait_for_bytes();
    Failure fail(Failure failure);

    SessionIo& io_;
    SessionWatch& watch_;
    const ServerLimits& limits_;
    RequestFraming framing_;
    BodyReader reader_;
    std::optional<Failure> failure_;
    bool awaits_continue_;
    std::uint64_t received_ = 0;  // bytes of body
    Steady::duration waited_{};   // for the client
};

}  // namespace fanfetch
