#include "http/session_watch.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace fanfetch {

void SessionWatch::on_client_gone(std::function<void()> callback) {
    if (gone_) {
        callback();
        return;
    }
    callbacks_.push_back({.call = std::move(callback), .when_gone = true});
    want();
}

void SessionWatch::on_ending(std::function<void()> callback) {
    if (ending_) {
        callback();
        return;
    }
    callbacks_.push_back({.call = std::move(callback), .when_ending = true});
}

void SessionWatch::on_gone_or_ending(std::function<void()> callback) {
    if (gone_or_ending()) {
        callback();
        return;
    }
    callbacks_.push_back({.call = std::move(callback), .when_gone = true, .when_ending = true});
    want();
}

void SessionWatch::want() {
    wanted_ = true;
    read_ahead();
}

void SessionWatch::body_ended() {
    may_read_ = true;
    read_ahead();
}

void SessionWatch::report_gone() {
    gone_ = true;
    report(&Callback::when_gone);
}

void SessionWatch::report_ending() {
    ending_ = true;
    report(&Callback::when_ending);
}

/// Calls those who asked for this event, and forgets them.
void SessionWatch::report(bool Callback::*event) {
    auto callbacks = std::exchange(callbacks_, {});
    const auto others = std::ranges::partition(callbacks, event);
    callbacks_.assign(
        std::make_move_iterator(others.begin()), std::make_move_iterator(others.end())
    );
    callbacks.erase(others.begin(), others.end());
    for (const auto& callback : callbacks) {
        callback.call();
    }
}

void SessionWatch::read_ahead() {
    auto& buffer = io_.buffer();
    const bool full = buffer.unread().size() >= most_ahead;
    if (!wanted_ || !may_read_ || reading_ || returning_ || gone_ || full) {
        return;
    }
    reading_ = true;
    io_.wire().start_read(
        buffer.prepare(SessionBuffer::idle_bytes),
        [this](boost::system::error_code error, std::size_t size) {
            reading_ = false;
            io_.buffer().commit(size);
            if (idle_) {
                idle_->cancel();
            }
            if (!error) {
                read_ahead();
            } else if (error != boost::asio::error::operation_aborted) {
                report_gone();
            }
        }
    );
}

awaitable<void> SessionWatch::end() {
    returning_ = true;
    while (reading_) {
        idle_.emplace(executor_, Steady::time_point::max());
        io_.wire().cancel();
        co_await idle_->async_wait(no_throw);
    }
    idle_.reset();
    wanted_ = false;
    may_read_ = false;
    returning_ = false;
}

}  // namespace fanfetch
