#include "http/session_shard.hpp"

#include "base/random.hpp"
#include "coro/owed_completion.hpp"
#include "future/errors.hpp"

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
    LoopExecutor executor, const ServerOptions& options, const HttpHandler& handler,
    std::function<void()> quiet
)
    : executor_{executor}, quiet_{std::move(quiet)} {
    context_.options = &options;
    context_.handler = &handler;
    context_.request_id_base = make_request_id_base();
}

SessionShard::~SessionShard() {
    assert(regular_.empty() && overflow_.empty());
}

void SessionShard::adopt(std::unique_ptr<Wire> wire, std::string peer, SessionPlace place) {
    if (stopped_) {
        wire->close();
        return;
    }
    const auto kind = place.kind();
    auto& entries = kind == session_kind::regular ? regular_ : overflow_;
    if (kind == session_kind::overflow && overflow_.size() >= max_overflow) {
        make_room();
    }
    const auto entry = entries.emplace(
        entries.end(), context_, executor_, std::move(wire), std::move(peer), std::move(place)
    );
    OwedCompletion ended{executor_, [this, &entries, entry](const std::exception_ptr& error) {
                             end(entries, entry, error);
                         }};
    asio::co_spawn(
        executor_, entry->session.run(),
        asio::bind_cancellation_slot(entry->cancelled.slot(), std::move(ended))
    );
}

void SessionShard::end(Entries& entries, Entries::iterator entry, const std::exception_ptr& error) {
    entries.erase(entry);
    tell_if_quiet();
    if (error && !cancelled_) {  // a session cancelled before it began has this
        report_error("a session", error);
    }
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
    if (stopped_ && regular_.empty() && overflow_.empty() && quiet_) {
        std::exchange(quiet_, nullptr)();
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
