#include "redis/subscriber_state.hpp"

#include "coro/task_group.hpp"
#include "coro/with_timeout.hpp"
#include "redis/errors.hpp"

#include <utility>
#include <variant>

namespace fanfetch::redis {
namespace {

bool is_lost(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const ConnectionLost&) {
        return true;
    } catch (...) {
        return false;
    }
}

std::exception_ptr said_goodbye() {
    return std::make_exception_ptr(InvalidStateError{"the subscriber has said goodbye"});
}

/// What the server said instead of the answer that was due.
[[noreturn]] void give_up(const Push& push, const char* doing) {
    const auto* refusal = std::get_if<Refusal>(&push);
    if (refusal == nullptr) {
        throw ProtocolError{std::string{doing} + ": another answer than the one due"};
    }
    const auto text = std::string{doing} + ": the server refused: " + refusal->text;
    if (is_final(*refusal)) {
        throw CommandRefused{text};
    }
    throw ConnectionLost{text};
}

}  // namespace

SubscriberState::SubscriberState(LoopExecutor loop, Endpoint endpoint, SubscriberOptions options)
    : loop_{loop},
      endpoint_{std::move(endpoint)},
      options_{std::move(options)},
      random_{options_.random != nullptr ? *options_.random : own_random_},
      buffer_{loop, options_.buffer},
      outgoing_{loop} {}

awaitable<> SubscriberState::open() {
    auto attempting = [this] { return attempt(); };
    try {
        co_await with_timeout(options_.connect_timeout, attempting);
    } catch (const TimeoutError&) {
        wire_.reset();
        throw ConnectionLost{"connecting to " + to_string(endpoint_) + ": no answer in time"};
    } catch (...) {
        wire_.reset();
        throw;
    }
}

awaitable<> SubscriberState::attempt() {
    auto socket = co_await dial_server(endpoint_, options_.names, options_.connect_timeout);
    wire_ = std::make_unique<Wire>(std::move(socket), options_.replies);
    co_await greet();
}

awaitable<> SubscriberState::greet() {
    if (options_.credentials) {
        co_await wire_->write(format_auth(*options_.credentials));
        const auto answer = interpret(co_await wire_->read());
        if (!std::holds_alternative<Ok>(answer)) {
            give_up(answer, "authenticating");
        }
    }
    // Shows that there is a server behind the connection, and that it lets us in.
    co_await wire_->write(format_command(verb::ping, {}));
    const auto answer = interpret(co_await wire_->read());
    if (!std::holds_alternative<Pong>(answer)) {
        give_up(answer, "greeting the server");
    }
}

awaitable<> SubscriberState::keep(std::shared_ptr<SubscriberState> self) {
    std::exception_ptr why;
    try {
        co_await self->keep_connected();
    } catch (...) {
        why = std::current_exception();
    }
    self->finish(why);
}

awaitable<> SubscriberState::keep_connected() {
    for (;;) {
        const auto why = co_await serve();
        serving_ = false;
        wire_.reset();
        if (leaving_ || !is_lost(why) || options_.when_dropped == on_drop::fail) {
            std::rethrow_exception(why);
        }
        co_await come_back();
        serving_ = true;
        gap_ = true;
    }
}

awaitable<std::exception_ptr> SubscriberState::serve() {
    outbox_ = conversation_.begin_again();
    mark_gap_when_restored();
    auto both_ways = [this](TaskGroup& group) -> awaitable<> {
        group.spawn(read_all(), "redis reader");
        group.spawn(write_all(), "redis writer");
        co_return;
    };
    try {
        co_await with_task_group(both_ways);
    } catch (const ExceptionGroup& failures) {
        co_return failures.errors().front();
    }
    co_return nullptr;  // not reached: both go on until one fails or we are cancelled
}

awaitable<> SubscriberState::come_back() {
    for (bool opened = false; !opened;) {
        co_await options_.pause(backoff_.next_pause(random_));
        try {
            co_await open();
            opened = true;
        } catch (const ConnectionLost&) {
            // The next attempt comes after a longer pause.
        }
    }
}

awaitable<> SubscriberState::read_all() {
    for (;;) {
        auto push = interpret(co_await wire_->read());
        if (auto* message = std::get_if<Message>(&push)) {
            co_await deliver(std::move(*message));
        } else {
            take(push);
        }
    }
}

awaitable<> SubscriberState::write_all() {
    for (;;) {
        while (outbox_.empty()) {
            co_await outgoing_.wait_until(Steady::time_point::max());
        }
        auto bytes = std::exchange(outbox_, {});
        co_await wire_->write(std::move(bytes));
    }
}

awaitable<> SubscriberState::deliver(Message message) {
    if (std::exchange(gap_, false)) {
        buffer_.put_marker();
    }
    co_await buffer_.put(std::move(message));
}

void SubscriberState::take(const Push& answer) {
    const auto pass_on = [this](const auto& what) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(what)>, Message>) {
            conversation_.answer(what);
        }
    };
    std::visit(pass_on, answer);
    mark_gap_when_restored();
}

void SubscriberState::mark_gap_when_restored() {
    if (!conversation_.restored()) {
        return;
    }
    backoff_.reset();
    if (std::exchange(gap_, false)) {
        buffer_.put_marker();
    }
}

awaitable<> SubscriberState::request(
    std::shared_ptr<SubscriberState> self, verb command, std::vector<std::string> names
) {
    if (self->ended_) {
        std::rethrow_exception(self->ended_);
    }
    const bool named = command != verb::ping && command != verb::quit;
    auto batches = command_batches(std::move(names));
    if (!named) {
        batches.emplace_back();
    }
    // The one who asks may be cancelled and gone when the answer comes.
    const auto answers = std::make_shared<Answers>();
    for (auto& batch : batches) {
        auto answered = [answers](std::exception_ptr error) { (void)answers->try_put(error); };
        self->send(self->conversation_.ask(command, std::move(batch), std::move(answered)));
    }
    std::exception_ptr refused;
    for (std::size_t due = batches.size(); due > 0; --due) {
        const auto error = co_await answers->get();
        refused = refused ? refused : error;
    }
    if (refused) {
        std::rethrow_exception(refused);
    }
}

void SubscriberState::send(std::string bytes) {
    outbox_ += bytes;  // between connections it is thrown away: a new one asks again
    outgoing_.wake();
}

void SubscriberState::begin_goodbye() {
    leaving_ = true;
    buffer_.end(said_goodbye());
}

void SubscriberState::close() noexcept {
    if (wire_) {
        wire_->close();
    }
}

void SubscriberState::finish(const std::exception_ptr& why) {
    close();
    serving_ = false;
    ended_ = leaving_ ? said_goodbye() : why;
    buffer_.end(ended_);
    conversation_.abandon(ended_);
}

}  // namespace fanfetch::redis
