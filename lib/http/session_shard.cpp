#include "http/session_shard.hpp"

#include "base/random.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>
#include <iterator>
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
    assert(regular_.empty() && overflow_.empty());
}

void SessionShard::adopt(std::unique_ptr<Wire> wire, std::string peer, session_kind kind) {
    if (stopped_) {
        wire->close();
        events_.ended(kind);
        return;
    }
    auto& entries = kind == session_kind::regular ? regular_ : overflow_;
    if (kind == session_kind::overflow && overflow_.size() >= max_overflow) {
        make_room();
    }
    const auto entry =
        entries.emplace(entries.end(), context_, executor_, std::move(wire), std::move(peer), kind);
    asio::co_spawn(
        executor_, entry->session.run(),
        asio::bind_cancellation_slot(
            entry->cancelled.slot(),
            [this, &entries, entry](const std::exception_ptr& error) { end(entries, entry, error); }
        )
    );
}

void SessionShard::end(Entries& entries, Entries::iterator entry, const std::exception_ptr& error) {
    entries.erase(entry);
    events_.ended(&entries == &regular_ ? session_kind::regular : session_kind::overflow);
    if (error && !cancelled_) {
        std::rethrow_exception(error);  // a bug; but a session cancelled before it began has this
    }
    tell_if_quiet();
}

void SessionShard::stop() {
    stopped_ = true;
    drain();
    for (auto* entries : {&regular_, &overflow_}) {
        for (auto& entry : *entries) {
            entry.session.stop();
        }
    }
    tell_if_quiet();
}

void SessionShard::tell_if_quiet() {
    if (stopped_ && regular_.empty() && overflow_.empty() && events_.quiet) {
        std::exchange(events_.quiet, nullptr)();
    }
}

void SessionShard::cancel() {
    cancelled_ = true;
    for (auto* entries : {&regular_, &overflow_}) {
        for (auto entry = entries->begin(); entry != entries->end();) {
            const auto next = std::next(entry);  // a session may end while it is being cancelled
            entry->cancelled.emit(asio::cancellation_type::terminal);
            entry = next;
        }
    }
}

void SessionShard::make_room() {
    const auto idle = std::ranges::find_if(overflow_, &Session::idle, [](Entry& entry) -> Session& {
        return entry.session;
    });
    if (idle != overflow_.end()) {
        idle->session.give_way();
    }
}

}  // namespace fanfetch
