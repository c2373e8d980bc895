#pragma once

#include "http/request_checks.hpp"
#include "http/server_head.hpp"
#include "http/server_options.hpp"
#include "http/session_body.hpp"
#include "http/session_io.hpp"
#include "http/session_place.hpp"
#include "http/session_watch.hpp"

#include <memory>
#include <string>

namespace fanfetch {

/// What the sessions of one shard share. Lives on the shard's thread.
struct SessionContext {
    const ServerOptions* options = nullptr;
    const HttpHandler* handler = nullptr;
    std::string request_id_base;  ///< of this shard and run
    std::uint64_t requests = 0;
    bool draining = false;

    /// The current time as the field Date has it; rendered once a second.
    [[nodiscard]] std::string_view date();

private:
    std::chrono::sys_seconds dated_{};
    std::string date_;
};

/// One connection, from its first byte to its last: requests are read, checked, answered in order.
///
/// What cannot be understood is answered once and then the connection ends, because nobody knows
/// where the next request would begin.
///
/// Threads  its shard
/// Source   RFC 9112 §9
class Session {
public:
    Session(
        SessionContext& context, LoopExecutor executor, std::unique_ptr<Wire> wire,
        std::string peer, session_kind kind
    );

    /// Serves the connection to its end. A handler that is interrupted by a terminal cancellation
    /// ends the connection without a reply.
    awaitable<void> run();

    /// Ends at once when idle, else after the request in progress; streams are told.
    void stop();

    /// No request has begun. Such a session can be ended without harm.
    [[nodiscard]] bool idle() const noexcept { return idle_; }

    /// Ends an idle overflow session, in favour of a newer one.
    void give_way() noexcept {
        idle_ = false;
        io_.interrupt();
    }

private:
    enum class head_end { complete, closed, refused };

    awaitable<void> serve();
    awaitable<head_end> read_head();
    [[nodiscard]] Steady::time_point first_deadline() const;
    awaitable<void> exchange();
    awaitable<HttpReply> answer(HttpRequest& request);
    awaitable<void> write_reply(HttpRequest& request, HttpReply reply, SessionBody& body);
    awaitable<bool> send_stream(
        const HttpRequest& request, const HttpReply& reply, const ReplyFrame& frame, bool coded
    );
    awaitable<void> refuse(Failure failure);
    awaitable<bool> send_whole(const HttpReply& reply, const ReplyFrame& frame, bool with_body);
    awaitable<void> linger();

    [[nodiscard]] HttpRequest take_request(SessionBody& body);
    [[nodiscard]] std::string choose_request_id(std::string_view given);
    void log_thrown(
        std::string_view event, std::string_view request_id, const std::exception_ptr& error
    ) const;

    SessionContext& context_;
    const ServerLimits& limits_;
    SessionIo io_;
    SessionWatch watch_;
    RequestParser parser_;
    std::string head_;  // of the reply being written; its memory is used again
    std::string peer_;
    session_kind kind_;
    RequestFraming framing_;
    int minor_version_ = 1;
    bool idle_ = true;
    bool served_ = false;
    bool stopping_ = false;
    bool closing_ = false;
    bool lingering_ = false;  // the client may still be sending when we close
};

}  // namespace fanfetch
