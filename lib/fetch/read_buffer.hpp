#pragma once

#include <boost/asio/buffer.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <string_view>

namespace fanfetch {

/// Where an exchange receives. While it waits for an answer it has little room, since thousands may
/// wait at once; when that was filled, there is more to come, and it gets as much as pays.
///
/// Threads  one owner
class ReadBuffer {
public:
    static constexpr std::size_t small_size = 4U << 10U;   // a short answer whole
    static constexpr std::size_t large_size = 16U << 10U;  // a record of TLS, too

    [[nodiscard]] boost::asio::mutable_buffer space() noexcept {
        return large_ ? boost::asio::buffer(large_.get(), large_size) : boost::asio::buffer(small_);
    }
    [[nodiscard]] std::string_view received(std::size_t size) const noexcept {
        return {large_ ? large_.get() : small_.data(), size};
    }

    /// Before the next read: `size` bytes came with the last one, and are not needed any more.
    void make_room(std::size_t size) noexcept {
        if (size == small_size && !large_) {
            large_.reset(new (std::nothrow) char[large_size]);
        }
    }
    /// Before the next exchange.
    void shrink() noexcept { large_.reset(); }

private:
    std::array<char, small_size> small_;
    std::unique_ptr<char[]> large_;
};

}  // namespace fanfetch
