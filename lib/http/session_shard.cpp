#include "http/session_shard.hpp"

#include "base/random.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>
#include <utility>

namespace fanfetch {
namespace {

namespace asio = boost::asio;

/// Eight random bytes in hexadecimal and a dash: makes request ids of this shard and run its own.
std::string make_request_id_base() {
    std::array<std::byte, 8> random{};
    fill_random(random);
    std::string base;
    for (const auto byte : random) {
        std::array<char, 3> digits{};
        std::snprintf(digits.data(), digits.size(), "%02x", std::to_integer<unsigned>(byte));
        base += digits.data();
    }
    return base + '-';
}

}  // namespace

SessionShard::SessionShard(
    LoopExecutor executor, const ServerOptions& options, const HttpHandler& handler, Events events
)
    : executor_{executor}, events_{std::move(events)} {
    context_.options = &options;
    context_.handler = &handler;
    context_.request_id_base = make_request_id_base();
}

SessionShard::~SessionShard() {
    assert(sessions_.empty());
}

void SessionShard::adopt(std::unique_ptr<Wire> wire, std::string peer, session_kind kind) {
    if (stopped_) {
        wire->close();
        events_.ended(kind);
        return;
    }
    if (kind == session_kind::overflow && ++overflow_ > max_overflow) {
        make_room();
    }
    const auto entry = sessions_.emplace(
        sessions_.end(), context_, executor_, std::move(wire), std::move(peer), kind
    );
    asio::co_spawn(
        executor_, entry->session.run(),
        asio::bind_cancellation_slot(
            entry->cancelled.slot(),
            [this, entry](const std::exception_ptr& error) { end(entry, error); }
        )
    );
}

void SessionShard::end(std::list<Entry>::iterator entry, const std::exception_ptr& error) {
    const auto kind = entry->kind;
    overflow_ -= kind == session_kind::overflow ? 1U : 0U;
    sessions_.erase(entry);
    events_.ended(kind);
    if (error && !cancelled_) {
        std::rethrow_exception(error);  // a bug; but a session cancelled before it began has this
    }
    tell_if_quiet();
}

void SessionShard::stop() {
    stopped_ = true;
    drain();
    for (auto& entry : sessions_) {
        entry.session.stop();
    }
    tell_if_quiet();
}

void SessionShard::tell_if_quiet() {
    if (stopped_ && sessions_.empty() && events_.quiet) {
        std::exchange(events_.quiet, nullptr)();
    }
}

void SessionShard::cancel() {
    cancelled_ = true;
    for (auto entry = sessions_.begin(); entry != sessions_.end();) {
        const auto next = std::next(entry);  // a session may end while it is being cancelled
        entry->cancelled.emit(asio::cancellation_type::terminal);
        entry = next;
    }
}

void SessionShard::make_room() {
    const auto idle = std::ranges::find_if(sessions_, [](const Entry& entry) {
        return entry.kind == session_kind::overflow && entry.session.idle();
    });
    if (idle != sessions_.end()) {
        idle->session.give_way();
    }
}

}  // namespace fanfetch
