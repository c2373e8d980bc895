#pragma once

#include "base/random.hpp"
#include "coro/loop.hpp"
#include "coro/sleep.hpp"
#include "net/resolver.hpp"
#include "redis/command.hpp"
#include "redis/message_buffer.hpp"
#include "redis/reply_guard.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace fanfetch::redis {

/// What a subscriber does when its connection is lost.
enum class on_drop : std::uint8_t {
    reconnect,  ///< and say so with a marker among the messages
    fail,       ///< end with ConnectionLost
};

/// Lets time pass between two attempts to reconnect.
using Pause = std::function<awaitable<>(std::chrono::milliseconds)>;

/// How a Subscriber behaves. The members a test stands in for are the last three.
struct SubscriberOptions {
    std::optional<Credentials> credentials{};
    /// For one attempt: name, TCP, password, first answer.
    std::chrono::milliseconds connect_timeout{5'000};
    on_drop when_dropped = on_drop::reconnect;
    BufferLimits buffer{};
    ReplyLimits replies{};
    /// Asked for the address of an endpoint that is a name, on the subscriber's loop; it outlives
    /// the loop's work.
    Resolver* names = nullptr;
    Random* random = nullptr;  ///< null: one of the subscriber's own
    Pause pause = [](std::chrono::milliseconds time) { return sleep(time); };
};

}  // namespace fanfetch::redis
