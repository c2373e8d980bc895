#include "fetch/http2_origin.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace fanfetch {
namespace {

/// For how long an origin is taken to speak what it spoke last.
constexpr std::chrono::seconds remembered{60};

}  // namespace

std::shared_ptr<Http2Connection> Http2Origin::take() {
    for (const auto& one : connections_) {
        if (one->room() > 0) {
            return one;
        }
    }
    return nullptr;
}

bool Http2Origin::has_settled() const noexcept {
    return std::ranges::any_of(connections_, [](const auto& one) { return one->settled(); });
}

bool Http2Origin::may_dial(std::size_t most, Steady::time_point now) const noexcept {
    const auto settled = [](const auto& one) { return one->settled(); };
    return speaks_http1(now) ||
           (!dialling_ && connections_.size() < most && std::ranges::all_of(connections_, settled));
}

void Http2Origin::end_dial(news what) noexcept {
    dialling_ = false;
    while (!waiters_.empty()) {
        wake(waiters_.front(), what);
    }
}

awaitable<Http2Origin::news> Http2Origin::wait(Steady::time_point deadline) {
    // Whoever is woken and then cancelled passes it on: the room is somebody's.
    struct Passing {
        Http2Origin& origin;
        Waiter& waiter;
        bool used = false;
        ~Passing() {
            if (!used && waiter.woken) {
                origin.wake_some(1);
            }
        }
    };
    Waiter waiter{co_await boost::asio::this_coro::executor};
    Passing passing{*this, waiter};
    waiters_.push_back(waiter);
    while (!waiter.woken && Steady::now() < deadline) {
        co_await waiter.wakeup.wait_until(deadline);
    }
    passing.used = true;
    co_return waiter.what;
}

void Http2Origin::wake(Waiter& waiter, news what) noexcept {
    waiter.unlink();
    waiter.woken = true;
    waiter.what = what;
    waiter.wakeup.wake();
}

void Http2Origin::wake_some(std::size_t count) noexcept {
    for (; count > 0 && !waiters_.empty(); --count) {
        wake(waiters_.front(), news::look_again);
    }
}

void Http2Origin::add(std::shared_ptr<Http2Connection> connection) {
    connections_.push_back(std::move(connection));
}

void Http2Origin::speaks(speech what, Steady::time_point now) noexcept {
    speech_ = what;
    known_until_ = now + remembered;
}

void Http2Origin::drop_closed() {
    std::erase_if(connections_, [](const auto& one) { return one->draining(); });
}

/// A connection that takes no more streams keeps itself until its last one has ended.
void Http2Origin::connection_changed() noexcept {
    drop_closed();
    std::size_t room = 0;
    for (const auto& one : connections_) {
        room += one->room();
    }
    wake_some(std::max<std::size_t>(room, 1));  // without room, one may dial
}

void Http2Origin::sweep(Steady::time_point latest) {
    const auto all = connections_;  // retiring one changes the list
    for (const auto& one : all) {
        if (one->streams() == 0 && one->idle_since() <= latest) {
            one->retire();
        }
    }
    drop_closed();
}

std::size_t Http2Origin::retire_idle(const IpAddress& address, std::size_t count) {
    std::size_t retired = 0;
    const auto all = connections_;  // retiring one changes the list
    for (const auto& one : all) {
        if (retired < count && one->streams() == 0 && one->place().at(address)) {
            one->retire();
            ++retired;
        }
    }
    drop_closed();
    return retired;
}

void Http2Origin::retire_all() {
    for (const auto& one : std::exchange(connections_, {})) {
        one->retire();
    }
}

bool Http2Origin::forgettable(Steady::time_point now) const noexcept {
    return connections_.empty() && !dialling_ && waiters_.empty() && now >= known_until_;
}

Steady::time_point Http2Origin::oldest_idle() const noexcept {
    auto oldest = Steady::time_point::max();
    for (const auto& one : connections_) {
        oldest = one->streams() == 0 ? std::min(oldest, one->idle_since()) : oldest;
    }
    return oldest;
}

}  // namespace fanfetch
