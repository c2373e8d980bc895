#include "redis/subscriber.hpp"

#include "coro/spawn.hpp"
#include "redis/subscriber_state.hpp"

#include <boost/asio/this_coro.hpp>

#include <stdexcept>
#include <utility>

namespace fanfetch::redis {

/// Destroying it closes the connection; its coroutine ends in the next turn.
struct Subscriber::Owned {
    Owned(std::shared_ptr<SubscriberState> kept, Task<> keeping)
        : state{std::move(kept)}, keeper{std::move(keeping)} {}
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    ~Owned() {
        keeper.cancel();
        state->close();
    }

    std::shared_ptr<SubscriberState> state;
    Task<> keeper;
};

awaitable<Subscriber> Subscriber::connect(Endpoint endpoint, SubscriberOptions options) {
    if (is_name(endpoint) && options.names == nullptr) {
        throw std::invalid_argument{
            "connecting to " + to_string(endpoint) + ": there is no resolver to ask for the name"};
    }
    const LoopExecutor loop = co_await boost::asio::this_coro::executor;
    auto state = std::make_shared<SubscriberState>(loop, std::move(endpoint), std::move(options));
    co_await state->open();
    auto keeper = spawn(loop, SubscriberState::keep(state), "redis subscriber");
    co_return Subscriber{std::make_unique<Owned>(std::move(state), std::move(keeper))};
}

awaitable<Subscriber> Subscriber::connect(Endpoint endpoint) {
    return connect(std::move(endpoint), SubscriberOptions{});
}

Subscriber::Subscriber(std::unique_ptr<Owned> owned) noexcept : owned_{std::move(owned)} {}
Subscriber::Subscriber(Subscriber&&) noexcept = default;
Subscriber& Subscriber::operator=(Subscriber&&) noexcept = default;
Subscriber::~Subscriber() = default;

awaitable<> Subscriber::subscribe(std::vector<std::string> channels) {
    return SubscriberState::request(owned_->state, verb::subscribe, std::move(channels));
}

awaitable<> Subscriber::psubscribe(std::vector<std::string> patterns) {
    return SubscriberState::request(owned_->state, verb::psubscribe, std::move(patterns));
}

awaitable<> Subscriber::unsubscribe(std::vector<std::string> channels) {
    return SubscriberState::request(owned_->state, verb::unsubscribe, std::move(channels));
}

awaitable<> Subscriber::punsubscribe(std::vector<std::string> patterns) {
    return SubscriberState::request(owned_->state, verb::punsubscribe, std::move(patterns));
}

awaitable<> Subscriber::unsubscribe() {
    const auto& all = owned_->state->conversation().channels();
    return unsubscribe({all.begin(), all.end()});
}

awaitable<> Subscriber::punsubscribe() {
    const auto& all = owned_->state->conversation().patterns();
    return punsubscribe({all.begin(), all.end()});
}

awaitable<> Subscriber::ping() {
    return SubscriberState::request(owned_->state, verb::ping, {});
}

awaitable<Message> Subscriber::next() {
    return owned_->state->buffer().get();
}

awaitable<> Subscriber::quit() {
    const auto state = owned_->state;
    const auto keeper = owned_->keeper;
    state->begin_goodbye();
    if (state->serving()) {
        try {
            co_await SubscriberState::request(state, verb::quit, {});
        } catch (const Error&) {
            // The connection ended before its end was confirmed, which is as good. If we were
            // cancelled, the next await says so again.
        }
    }
    keeper.cancel();
    co_await keeper.join();
}

std::uint64_t Subscriber::dropped() const noexcept {
    return owned_->state->buffer().dropped();
}

}  // namespace fanfetch::redis
