#include "http2/http2_connection.hpp"

#include "coro/spawn.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <utility>

namespace fanfetch {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::seconds longest_close{1};
/// What is handed to TLS at a time; four of its records.
constexpr std::size_t most_unsent = 64U << 10U;

}  // namespace

Http2Connection::Http2Connection(
    std::unique_ptr<Connection> line, Http2Limits limits, std::weak_ptr<Owner> owner
)
    : line_{std::move(line)},
      owner_{std::move(owner)},
      core_{limits},
      writer_{loop_state(line_->socket.get_executor())},
      close_limit_{*this},
      idle_since_{Steady::now()},
      last_read_{idle_since_} {}

std::shared_ptr<Http2Connection> Http2Connection::start(
    std::unique_ptr<Connection> line, Http2Limits limits, std::weak_ptr<Owner> owner
) {
    Self self{new Http2Connection{std::move(line), limits, std::move(owner)}};
    self->room_told_ = self->room();
    const auto loop = self->line_->socket.get_executor();
    spawn(loop, read_all(self), "http2 read");
    spawn(loop, write_all(self), "http2 write");
    return self;
}

Expected<void> Http2Connection::open(
    const Http2Request& request, ResponseHead& head, Http2Stream& stream
) {
    auto opened = core_.open(request, head, stream);
    if (opened) {
        room_told_ = room();
        idle_since_ = Steady::time_point::max();
        writer_.parking.resume_soon();
    }
    return opened;
}

void Http2Connection::give_up(Http2Stream& stream) {
    core_.give_up(stream);
    settle();
}

void Http2Connection::consumed(Http2Stream& stream, std::size_t bytes) {
    core_.consumed(stream, bytes);
    if (core_.wants_send()) {
        writer_.parking.resume_soon();
    }
}

void Http2Connection::retire() {
    core_.retire();
    settle();
}

awaitable<void> Http2Connection::read_all(Self self) {
    const auto space = asio::buffer(self->buffer_);
    while (!self->ended_) {
        const auto [error, size] = co_await self->line_->tls->read_some(space);
        self->on_read(error, size);
    }
}

awaitable<void> Http2Connection::write_all(Self self) {
    while (!self->ended_) {
        if (!self->fill()) {
            co_await self->writer_.parking.park(self->writer_);
            if (self->writer_.cancelled) {
                self->lose("it was cancelled");
            }
            continue;
        }
        while (!self->ended_ && self->written_ < self->out_.size()) {
            const auto rest = asio::buffer(self->out_) + self->written_;
            const auto [error, size] = co_await self->line_->tls->write_some(rest);
            self->on_written(error, size);
        }
        self->settle();
    }
}

void Http2Connection::on_read(const error_code& error, std::size_t size) {
    if (ended_) {
        return;
    }
    if (error) {
        on_lost(error);
        return;
    }
    last_read_ = Steady::now();
    receiving_ = true;
    while (size > 0) {
        core_.receive({buffer_.data(), size});
        size = line_->tls->read_buffered(buffer_);
    }
    receiving_ = false;
    settle();
}

/// Gathers what is to be sent; false when there is nothing.
bool Http2Connection::fill() {
    out_.clear();
    written_ = 0;
    core_.send(out_, most_unsent);
    return !out_.empty();
}

void Http2Connection::on_written(const error_code& error, std::size_t size) {
    written_ += size;
    if (error && !ended_) {
        on_lost(error);
    }
}

void Http2Connection::on_lost(const error_code& error) {
    if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
        finish(
            failed(failure_code::http_truncated, "reading the response: the connection was closed")
        );
        return;
    }
    lose(error.message());
}

void Http2Connection::lose(std::string why) {
    finish(failed(failure_code::connect_reset, "talking to the host: " + std::move(why)));
}

/// After anything has happened: sends what is to be sent, closes what is done with, and tells the
/// owner of changes.
void Http2Connection::settle() {
    if (ended_ || receiving_) {
        return;
    }
    if (streams() == 0 && idle_since_ == Steady::time_point::max()) {
        idle_since_ = Steady::now();
    }
    if (draining() && streams() == 0 && !std::exchange(closing_, true)) {
        core_.say_goodbye();
    }
    if (core_.over() && written_ == out_.size()) {
        lose("the connection is over");
        return;
    }
    if ((closing_ || core_.over()) && !close_limit_.armed()) {
        deadlines_of(line_->socket.get_executor()).arm(close_limit_, Steady::now() + longest_close);
    }
    if (core_.wants_send()) {
        writer_.parking.resume_soon();
    }
    const auto told = std::exchange(room_told_, room());
    if (told != room_told_) {
        if (const auto owner = owner_.lock()) {
            owner->connection_changed();
        }
    }
}

void Http2Connection::finish(const Failure& lost) {
    if (std::exchange(ended_, true)) {
        return;
    }
    core_.end_all(lost);
    error_code ignored;  // closing is all that can be done
    line_->socket.close(ignored);
    writer_.parking.resume_soon();
    if (const auto owner = owner_.lock()) {
        owner->connection_changed();
    }
}

}  // namespace fanfetch
