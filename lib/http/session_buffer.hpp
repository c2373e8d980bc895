#pragma once

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace fanfetch {

/// The bytes that were read from a connection and not yet used: bounded, small while idle.
///
/// Threads  one owner; views and spaces live until the next call that is not const
class SessionBuffer {
public:
    /// Between requests; most requests fit in it.
    static constexpr std::size_t idle_bytes = 2 * 1024;
    /// While a body is read.
    static constexpr std::size_t body_bytes = 16 * 1024;

    /// `most` is never exceeded, whatever arrives.
    explicit SessionBuffer(std::size_t most) noexcept : most_{most} {}

    [[nodiscard]] std::string_view unread() const noexcept {
        return {bytes_.get() + begin_, end_ - begin_};
    }
    [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }

    void consume(std::size_t size) noexcept { begin_ += size; }

    /// Room to read into, of at least one byte and, where that fits below the maximum, such that
    /// the whole is `wanted` bytes; of none when the buffer is full.
    [[nodiscard]] boost::asio::mutable_buffer prepare(std::size_t wanted);
    void commit(std::size_t size) noexcept { end_ += size; }

    /// Gives back what an idle connection does not need.
    void shrink();

private:
    void reallocate(std::size_t capacity);

    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t most_;
};

}  // namespace fanfetch
