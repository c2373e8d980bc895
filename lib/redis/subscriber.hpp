#pragma once

#include "coro/loop.hpp"
#include "redis/endpoint.hpp"
#include "redis/errors.hpp"
#include "redis/message.hpp"
#include "redis/options.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace fanfetch::redis {

/// One connection to a Redis server, and the messages published on the channels it subscribes to.
///
///     auto sub = co_await Subscriber::connect(endpoint);
///     co_await sub.subscribe(channels);
///     for (;;) { const auto message = co_await sub.next(); … }   // ends by cancellation
///
/// Messages come in the server's order, each at most once: what is published while there is no
/// connection is lost. After a drop the subscriber comes back by itself, subscribes again, and puts
/// one marker among the messages, where some are missing. Only a drop is mended so: a server that
/// breaks the protocol or refuses us ends the subscriber. What was received before is handed out
/// first, then the reason is thrown, by every call.
///
/// Destroying it closes its connection at once. Reading goes on between calls, into the buffer that
/// the options bound.
///
/// Errors   ConnectionLost, ProtocolError, CommandRefused, BufferOverflow; CancelledError;
///          InvalidStateError after `quit`; std::invalid_argument
/// Threads  the loop of `connect`; several coroutines of it may use one subscriber
/// Source   the Redis manual, "Pub/sub"
class Subscriber {
public:
    /// Completes when the server has answered. This first attempt is the only one: it is for what
    /// comes later that we are patient.
    ///
    /// Errors  std::invalid_argument for a name as endpoint without somebody to ask for its address
    [[nodiscard]] static awaitable<Subscriber> connect(
        Endpoint endpoint, SubscriberOptions options
    );
    /// The same with the options as they come. Not a default argument: GCC 12 destroys one twice
    /// inside a co_await expression.
    [[nodiscard]] static awaitable<Subscriber> connect(Endpoint endpoint);

    Subscriber(Subscriber&&) noexcept;
    Subscriber& operator=(Subscriber&&) noexcept;
    ~Subscriber();

    /// Completes when the server has confirmed every name, on this connection or a later one; at
    /// once when there are none.
    ///
    /// With `on_overflow::stop_reading` and a full buffer the confirmation waits behind the
    /// messages, so somebody must take them. Cancelling stops the waiting, not the request.
    /// Of more than 1000 names some may be subscribed to when others are refused.
    [[nodiscard]] awaitable<> subscribe(std::vector<std::string> channels);
    [[nodiscard]] awaitable<> psubscribe(std::vector<std::string> patterns);
    [[nodiscard]] awaitable<> unsubscribe(std::vector<std::string> channels);
    [[nodiscard]] awaitable<> punsubscribe(std::vector<std::string> patterns);

    /// The same for all there are.
    [[nodiscard]] awaitable<> unsubscribe();
    [[nodiscard]] awaitable<> punsubscribe();

    /// Waits for the next message or marker. Cancelled, it takes nothing.
    [[nodiscard]] awaitable<Message> next();

    /// Completes when the server has answered.
    [[nodiscard]] awaitable<> ping();

    /// Says goodbye and waits until the connection has ended. What was received may still be taken.
    [[nodiscard]] awaitable<> quit();

    /// Messages dropped by `on_overflow::drop_oldest`.
    [[nodiscard]] std::uint64_t dropped() const noexcept;

private:
    struct Owned;

    explicit Subscriber(std::unique_ptr<Owned> owned) noexcept;

    std::unique_ptr<Owned> owned_;
};

}  // namespace fanfetch::redis
