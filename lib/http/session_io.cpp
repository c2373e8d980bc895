#include "http/session_io.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>

namespace fanfetch {
namespace {

namespace asio = boost::asio;

/// Drops `size` bytes from the front; says whether any are left.
bool advance(WriteBuffers& buffers, std::size_t size) noexcept {
    bool left = false;
    for (auto& buffer : buffers) {
        const auto step = std::min(size, buffer.size());
        buffer += step;
        size -= step;
        left = left || buffer.size() > 0;
    }
    return left;
}

}  // namespace

awaitable<read_end> SessionIo::fill(std::size_t wanted, Steady::time_point deadline) {
    if (interrupted_) {
        co_return read_end::timed_out;
    }
    deadlines_.arm(deadline_, deadline);
    const auto space = buffer_.prepare(wanted);
    const auto [error, size] = co_await wire_->read_some(space);
    deadlines_.disarm(deadline_);
    buffer_.commit(size);
    if (!error) {
        co_return read_end::data;
    }
    if (error == asio::error::eof) {
        co_return read_end::closed;
    }
    co_return error == asio::error::operation_aborted ? read_end::timed_out : read_end::failed;
}

awaitable<bool> SessionIo::send(WriteBuffers buffers, Steady::duration stall) {
    bool left = true;
    while (left && !send_failed_) {
        boost::system::error_code error;
        auto size = wire_->try_write(buffers, error);
        if (error == asio::error::would_block) {
            deadlines_.arm(deadline_, after(stall));
            std::tie(error, size) = co_await wire_->write_some(buffers);
            deadlines_.disarm(deadline_);
        }
        send_failed_ = static_cast<bool>(error);
        left = advance(buffers, size);
    }
    co_return !send_failed_;
}

void SessionIo::interrupt() noexcept {
    interrupted_ = true;
    wire_->cancel();
}

}  // namespace fanfetch
