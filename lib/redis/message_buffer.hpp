#pragma once

#include "base/byte_size.hpp"
#include "coro/async_queue.hpp"
#include "coro/loop.hpp"
#include "net/wakeup.hpp"
#include "redis/message.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>

namespace fanfetch::redis {

/// What happens to a message for which there is no room.
enum class on_overflow : std::uint8_t {
    stop_reading,  ///< it waits in the socket; a server that has enough of it hangs up
    drop_oldest,   ///< the oldest message goes, and is counted
    fail,          ///< the subscriber ends with BufferOverflow
};

struct BufferLimits {
    std::size_t messages = 10'000;
    ByteSize bytes{std::uint64_t{8} << 20U};  ///< names, payloads and what it takes to keep them
    on_overflow policy = on_overflow::stop_reading;
};

/// Messages between the coroutine that reads them from the socket and those that want them: first
/// in, first out, bounded.
///
/// A single message above the bounds is let in when nothing else is there. The marker of a gap
/// always is, and is never dropped: when the messages before it go, it stays in front.
///
/// Errors   CancelledError; a cancelled `get` takes nothing
/// Threads  the loop
class MessageBuffer {
public:
    MessageBuffer(LoopExecutor loop, BufferLimits limits) : limits_{limits}, room_{loop} {}

    /// Puts a message behind the others, or does what the policy says. After `end` it is dropped.
    ///
    /// Errors  BufferOverflow
    [[nodiscard]] awaitable<> put(Message message);

    /// Marks a gap, unless the newest thing here is such a marker.
    void put_marker();

    /// Waits for a message.
    ///
    /// Errors  what `end` was given, once everything was taken
    [[nodiscard]] awaitable<Message> get();

    /// Nothing more will come. The first reason counts.
    void end(std::exception_ptr why);

    /// Messages that `drop_oldest` dropped.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

private:
    [[nodiscard]] static std::size_t weight(const Message& message) noexcept;
    [[nodiscard]] bool has_room(const Message& message) const noexcept;
    [[nodiscard]] bool drop_one();
    void store(Message message);

    BufferLimits limits_;
    AsyncQueue<Message> items_;
    std::uint64_t bytes_ = 0;
    std::uint64_t dropped_ = 0;
    bool newest_is_marker_ = false;
    bool marker_in_front_ = false;  ///< it was dropped with the messages around it
    Wakeup room_;
    std::exception_ptr why_;
};

}  // namespace fanfetch::redis
