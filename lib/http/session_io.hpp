#pragma once

#include "base/time.hpp"
#include "coro/deadline_wheel.hpp"
#include "http/session_buffer.hpp"
#include "http/session_wire.hpp"

#include <memory>

namespace fanfetch {

/// How waiting for bytes ended.
enum class read_end { data, closed, failed, timed_out };

/// A session's connection: bounded reading, writing to the end, and one deadline.
///
/// Reading and writing for a reply take turns, so one deadline serves both; it stands in the loop's
/// wheel, so that a request on a kept-alive connection costs no timer.
///
/// Threads  its shard
class SessionIo {
public:
    SessionIo(std::unique_ptr<Wire> wire, DeadlineWheel& deadlines, std::size_t most_buffered)
        : wire_{std::move(wire)},
          deadlines_{deadlines},
          buffer_{most_buffered},
          deadline_{*wire_} {}

    [[nodiscard]] SessionBuffer& buffer() noexcept { return buffer_; }
    [[nodiscard]] Wire& wire() noexcept { return *wire_; }

    /// Waits for bytes; `wanted` is the size the buffer should have.
    awaitable<read_end> fill(std::size_t wanted, Steady::time_point deadline);

    /// Writes everything; false once the client does not take it, or took nothing for `stall`.
    awaitable<bool> send(WriteBuffers buffers, Steady::duration stall);

    /// Whether send() has failed: nothing more can reach the client.
    [[nodiscard]] bool send_failed() const noexcept { return send_failed_; }

    /// Ends a fill() in progress, and every later one, as if it had timed out.
    void interrupt() noexcept;

private:
    /// Ends whatever waits on the wire.
    class Deadline final : public DeadlineEntry {
    public:
        explicit Deadline(Wire& wire) noexcept : wire_{wire} {}

    private:
        void expire() noexcept override { wire_.cancel(); }

        Wire& wire_;
    };

    std::unique_ptr<Wire> wire_;
    DeadlineWheel& deadlines_;
    SessionBuffer buffer_;
    Deadline deadline_;
    bool interrupted_ = false;
    bool send_failed_ = false;
};

/// The deadline `limit` from now.
[[nodiscard]] inline Steady::time_point after(Steady::duration limit) noexcept {
    return saturating_add(Steady::now(), limit);
}

}  // namespace fanfetch
