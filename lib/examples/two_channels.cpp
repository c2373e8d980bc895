// Two channels of one Redis, two coroutines, one thread: prints the messages as they come.
//
//     two_channels 127.0.0.1 6379 news weather
//     redis-cli publish news "something happened"      (in another terminal)
//
// Each subscriber has a connection of its own. Neither waits for the other: while one is suspended
// in `next`, the loop runs whatever else is ready. Interrupted by Ctrl-C, both are cancelled, and
// their connections are closed before the program ends.

#include "coro/event_loop.hpp"
#include "coro/task_group.hpp"
#include "net/cares_resolver.hpp"
#include "net/ip_address.hpp"
#include "redis/subscriber.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace fanfetch;

awaitable<> listen(redis::Endpoint server, redis::SubscriberOptions options, std::string channel) {
    auto sub = co_await redis::Subscriber::connect(server, options);
    std::vector<std::string> channels{channel};
    co_await sub.subscribe(channels);
    std::printf("%s: listening\n", channel.c_str());
    for (;;) {  // ends by cancellation
        const auto message = co_await sub.next();
        const char* said =
            message.reconnected() ? "(some may be missing)" : message.payload.c_str();
        std::printf("%s: %s\n", channel.c_str(), said);
        std::fflush(stdout);
    }
}

awaitable<> listen_to_both(
    redis::Endpoint server, redis::SubscriberOptions options, std::string one, std::string other
) {
    auto both = [&](TaskGroup& group) -> awaitable<> {
        group.spawn(listen(server, options, one));
        group.spawn(listen(server, options, other));
        co_return;
    };
    co_await with_task_group(both);
}

}  // namespace

int main(int count, char** arguments) {
    const auto port = count > 2 ? parse_port(arguments[2]) : std::nullopt;
    if (!port) {
        std::fprintf(stderr, "usage: two_channels HOST PORT [CHANNEL CHANNEL]\n");
        return 2;
    }
    EventLoop loop;
    auto names = make_cares_resolver(loop.executor(), CaresOptions{});  // HOST may be a name
    redis::SubscriberOptions options;
    options.names = names ? names->get() : nullptr;

    auto listening = spawn(
        loop.executor(), listen_to_both(
                             {arguments[1], *port}, options, count > 3 ? arguments[3] : "one",
                             count > 4 ? arguments[4] : "other"
                         )
    );
    boost::asio::basic_signal_set<LoopExecutor> interrupt{loop.executor(), SIGINT, SIGTERM};
    interrupt.async_wait([&](const auto&, int) { listening.cancel(); });
    try {
        loop.run(listening.join());
    } catch (const CancelledError&) {
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "two_channels: %s\n", error.what());
        return 1;
    }
}
