#pragma once

#include "base/random.hpp"
#include "coro/async_queue.hpp"
#include "coro/loop.hpp"
#include "net/wakeup.hpp"
#include "redis/backoff.hpp"
#include "redis/conversation.hpp"
#include "redis/endpoint.hpp"
#include "redis/message_buffer.hpp"
#include "redis/options.hpp"
#include "redis/wire.hpp"

#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace fanfetch::redis {

/// The connection behind a Subscriber, and the one coroutine that keeps it. The two share it,
/// because the coroutine ends a turn after the Subscriber is gone.
///
/// Threads  the loop
class SubscriberState {
public:
    SubscriberState(LoopExecutor loop, Endpoint endpoint, SubscriberOptions options);

    /// One attempt: dials, says who we are, and waits for the server's first answer.
    ///
    /// Errors  ConnectionLost, ProtocolError, CommandRefused
    [[nodiscard]] awaitable<> open();

    /// Keeps the connection that `open` made until it may not or cannot be kept any longer.
    [[nodiscard]] static awaitable<> keep(std::shared_ptr<SubscriberState> self);

    /// Sends one command, in as many pieces as its names need, and waits for the answers.
    ///
    /// Errors  what ended the connection for good; CommandRefused
    [[nodiscard]] static awaitable<> request(
        std::shared_ptr<SubscriberState> self, verb command, std::vector<std::string> names
    );

    /// No more messages are taken in; what ends the connection from now on is no failure.
    void begin_goodbye();

    /// Closes the connection now.
    void close() noexcept;

    [[nodiscard]] MessageBuffer& buffer() noexcept { return buffer_; }
    [[nodiscard]] const Conversation& conversation() const noexcept { return conversation_; }
    /// Whether what is asked goes out now, not only after coming back.
    [[nodiscard]] bool serving() const noexcept { return serving_; }

private:
    using Answers = AsyncQueue<std::exception_ptr>;

    [[nodiscard]] awaitable<> attempt();
    [[nodiscard]] awaitable<> greet();
    [[nodiscard]] awaitable<> keep_connected();
    [[nodiscard]] awaitable<std::exception_ptr> serve();
    [[nodiscard]] awaitable<> come_back();
    [[nodiscard]] awaitable<> read_all();
    [[nodiscard]] awaitable<> write_all();
    [[nodiscard]] awaitable<> deliver(Message message);
    void take(const Push& answer);
    void mark_gap_when_restored();
    void send(std::string bytes);
    void finish(const std::exception_ptr& why);

    LoopExecutor loop_;
    Endpoint endpoint_;
    SubscriberOptions options_;
    FastRandom own_random_;
    Random& random_;
    Backoff backoff_;
    Conversation conversation_;
    MessageBuffer buffer_;
    std::unique_ptr<Wire> wire_;  ///< null between connections
    std::string outbox_;          ///< what this connection has not been sent yet
    Wakeup outgoing_;
    bool gap_ = false;     ///< a marker is due before the next message
    bool serving_ = true;  ///< `open` comes first
    bool leaving_ = false;
    std::exception_ptr ended_;
};

}  // namespace fanfetch::redis
