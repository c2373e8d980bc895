#include "job/attempt_visits.hpp"

#include "job/host_key.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace fanfetch {
namespace {

namespace asio = boost::asio;

using LoopTimer = asio::basic_waitable_timer<Steady, asio::wait_traits<Steady>, LoopExecutor>;

/// Somebody in line, and what he was told.
struct Wait {
    explicit Wait(LoopExecutor loop) : timer{loop} { timer.expires_at(Steady::time_point::max()); }

    LoopTimer timer;
    bool over = false;
    std::optional<NotAdmitted> refused;
};

}  // namespace

AttemptVisits::~AttemptVisits() {
    depart({});
}

bool AttemptVisits::elsewhere(const Url& to) const {
    return to.host_key() != (home_ != nullptr ? home_->host.key() : visited_);
}

void AttemptVisits::leave(std::uint16_t status, std::chrono::microseconds first_byte) {
    AttemptSigns signs;
    signs.sign = sign_of(failure_code::none, status);
    signs.asked = since_;
    signs.now = dispatcher_.clock().now();
    signs.status = status;
    signs.first_byte = first_byte;
    if (home_ != nullptr) {
        dispatcher_.left_home(*std::exchange(home_, nullptr), signs);
    }
    depart(signs);
}

awaitable<std::optional<NotAdmitted>> AttemptVisits::enter(const Url& to) {
    const LoopExecutor loop = co_await asio::this_coro::executor;
    auto wait = std::make_shared<Wait>(loop);
    auto visitor = std::make_shared<HostVisitor>();
    visitor->host_key = to.host_key();
    visitor->wish = wish_;
    visitor->told = [wait, loop](std::optional<NotAdmitted> refused) {
        auto tell = [wait, refused] {
            wait->over = true;
            wait->refused = refused;
            wait->timer.cancel();
        };
        asio::dispatch(loop, std::move(tell));
    };
    visited_ = visitor->host_key;
    visitor_ = visitor;
    dispatcher_.at_shard_of(visitor->host_key, [visitor](Dispatcher& there) {
        there.arrive(visitor);
    });
    if (!wait->over) {
        co_await wait->timer.async_wait(no_throw);
    }
    if (!wait->over) {  // cancelled
        depart({});
        co_return NotAdmitted{};
    }
    if (wait->refused) {
        visitor_ = nullptr;
    }
    since_ = dispatcher_.clock().now();
    co_return wait->refused;
}

void AttemptVisits::end(const FetchOutcome& outcome) {
    AttemptSigns signs;
    signs.sign = sign_of(outcome.code, outcome.status);
    signs.asked = since_;
    signs.now =
        home_ != nullptr ? since_ + outcome.attempt.timing.total : dispatcher_.clock().now();
    signs.status = outcome.status;
    signs.first_byte = outcome.attempt.timing.first_byte;
    signs.retry_after = outcome.retry_after;
    if (home_ != nullptr) {
        signs_ = signs;
    }
    depart(signs);
}

void AttemptVisits::depart(const AttemptSigns& signs) {
    if (auto visitor = std::exchange(visitor_, nullptr)) {
        const auto key = visitor->host_key;
        dispatcher_.at_shard_of(key, [visitor = std::move(visitor), signs](Dispatcher& there) {
            there.depart(*visitor, signs);
        });
    }
}

}  // namespace fanfetch
