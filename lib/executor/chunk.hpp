#pragma once

#include "executor/queued_call.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

namespace fanfetch::detail {

/// Takes over calls of one task that are cheaper to send together.
class ChunkSink {
public:
    /// Takes all of them over, or throws and leaves them where they are.
    virtual void enqueue_chunk(CallQueue& calls) = 0;

protected:
    ~ChunkSink() = default;
};

/// The calls of a map that have been made and wait for their chunk to be full.
///
/// Threads  one at a time
class Chunk {
public:
    /// `sink` may be null: then chunks are not wanted.
    Chunk(ChunkSink* sink, std::int64_t full_size) noexcept : sink_{sink}, full_size_{full_size} {}

    [[nodiscard]] bool wanted() const noexcept { return sink_ != nullptr && full_size_ > 1; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    void add(CallPtr call) {
        calls_.push(std::move(call));
        if (++size_ == static_cast<std::uint64_t>(full_size_)) {
            send_or_throw();
        }
    }

    /// Sends what there is. When it is refused, every call of it fails with the reason, at its own
    /// position.
    void send() noexcept {
        if (std::exchange(size_, 0) == 0) {
            return;
        }
        try {
            sink_->enqueue_chunk(calls_);
        } catch (...) {
            refused_ = std::current_exception();
            while (!calls_.empty()) {
                const auto call = calls_.pop();
                call->state().mark_looked_at();  // it is thrown once, by the map
                call->fail(refused_);
            }
        }
    }

    /// Sends, and throws the reason when this or an earlier chunk was refused.
    void send_or_throw() {
        send();
        if (refused_) {
            std::rethrow_exception(refused_);
        }
    }

private:
    ChunkSink* sink_;
    std::int64_t full_size_;
    CallQueue calls_;
    std::size_t size_ = 0;
    std::exception_ptr refused_;
};

}  // namespace fanfetch::detail
