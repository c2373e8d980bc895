#include "redis/subscriber.hpp"

#include "coro/sleep.hpp"
#include "coro/spawn.hpp"
#include "coro/with_timeout.hpp"
#include "redis_server.hpp"
#include "support/patience.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch::redis {
namespace {

using testing::patience;
using testing::Publisher;
using testing::RedisServer;

using Texts = std::vector<std::string>;
using Step = std::function<awaitable<>()>;

/// Runs a test's steps on a loop of its own, for as long as patience lasts.
void play(const Step& steps) {
    EventLoop loop{"test"};
    loop.run(wait_for(steps(), patience));
}

std::string told(const Message& message) {
    if (message.reconnected()) {
        return "gap";
    }
    return (message.pattern ? *message.pattern + ">" : "") + message.channel + ":" +
           message.payload;
}

awaitable<> take(Subscriber& sub, Texts& noted, std::size_t count) {
    for (; count > 0; --count) {
        noted.push_back(told(co_await sub.next()));
    }
}

awaitable<Subscriber> listen_to(Endpoint server, std::string channel) {
    auto sub = co_await Subscriber::connect(server);
    Texts names{channel};
    co_await sub.subscribe(names);
    co_return sub;
}

/// Hands out what comes on one channel until it is cancelled.
awaitable<> listen(Endpoint server, std::string channel, Texts& noted, int& listening) {
    auto sub = co_await listen_to(server, channel);
    ++listening;
    for (;;) {
        noted.push_back(told(co_await sub.next()));
    }
}

TEST(Subscriber, Rps01Rps02ChannelsAndPatternsOfARealServer) {
    RedisServer server;
    Texts noted;

    play([&]() -> awaitable<> {
        auto sub = co_await listen_to(server.endpoint(), "news");
        Texts patterns{"n*"};
        co_await sub.psubscribe(patterns);
        Publisher publisher{server.endpoint()};
        EXPECT_EQ(publisher.publish("news", "1"), 2);
        EXPECT_EQ(publisher.publish("noise", "2"), 1);
        EXPECT_EQ(publisher.publish("other", "3"), 0);
        co_await take(sub, noted, 3);
    });

    EXPECT_EQ(noted, (Texts{"news:1", "n*>news:1", "n*>noise:2"}));
}

TEST(Subscriber, Rps02AThousandMessagesInOrder) {
    RedisServer server;
    Texts noted;
    Texts published;

    play([&]() -> awaitable<> {
        auto sub = co_await listen_to(server.endpoint(), "a");
        Publisher publisher{server.endpoint()};
        for (int i = 0; i < 1'000; ++i) {
            published.push_back("a:" + std::to_string(i));
            publisher.publish("a", std::to_string(i));
        }
        co_await take(sub, noted, published.size());
    });

    EXPECT_EQ(noted, published);
}

TEST(Subscriber, Rps03PingUnsubscribeAndQuitOfARealServer) {
    RedisServer server;

    play([&]() -> awaitable<> {
        auto sub = co_await listen_to(server.endpoint(), "a");
        Publisher publisher{server.endpoint()};
        co_await sub.ping();
        co_await sub.unsubscribe();
        EXPECT_EQ(publisher.publish("a", "1"), 0);
        co_await sub.ping();
        co_await sub.quit();
    });
}

TEST(Subscriber, Rps04ComesBackToAServerThatWasKilled) {
    RedisServer server;
    Texts noted;

    play([&]() -> awaitable<> {
        SubscriberOptions options;
        bool was_down = false;
        // Starts the server again in the second pause, so that one attempt finds nobody.
        options.pause = [&](std::chrono::milliseconds) -> awaitable<> {
            if (was_down) {
                server.start_again();
            }
            was_down = true;
            return yield_now();
        };
        auto sub = co_await Subscriber::connect(server.endpoint(), options);
        Texts names{"a", "b"};
        co_await sub.subscribe(names);
        Texts patterns{"c*"};
        co_await sub.psubscribe(patterns);
        Publisher{server.endpoint()}.publish("a", "before");
        co_await take(sub, noted, 1);

        server.kill();
        co_await take(sub, noted, 1);

        Publisher publisher{server.endpoint()};
        EXPECT_EQ(publisher.publish("a", "after"), 1);
        EXPECT_EQ(publisher.publish("b", "after"), 1);
        EXPECT_EQ(publisher.publish("cc", "after"), 1);
        co_await take(sub, noted, 3);
    });

    EXPECT_EQ(noted, (Texts{"a:before", "gap", "a:after", "b:after", "c*>cc:after"}));
}

TEST(Subscriber, Rps04PasswordAndUser) {
    RedisServer server{{"--requirepass", "hush", "--user", "me", "on", ">mine", "&a", "+@all"}};
    const auto outcome = [&server](std::optional<Credentials> credentials) {
        SubscriberOptions options;
        options.credentials = std::move(credentials);
        Texts noted;
        play([&]() -> awaitable<> {
            try {
                auto sub = co_await Subscriber::connect(server.endpoint(), options);
                for (const auto* channel : {"a", "b"}) {
                    Texts names{channel};
                    co_await sub.subscribe(names);
                    noted.emplace_back(channel);
                }
            } catch (const CommandRefused&) {
                noted.emplace_back("refused");
            }
        });
        return noted;
    };

    EXPECT_EQ(outcome(Credentials{"", "hush"}), (Texts{"a", "b"}));
    EXPECT_EQ(outcome(Credentials{"me", "mine"}), (Texts{"a", "refused"})) << "one channel is his";
    EXPECT_EQ(outcome(Credentials{"me", "yours"}), Texts{"refused"});
    EXPECT_EQ(outcome(Credentials{"", "wrong"}), Texts{"refused"});
    EXPECT_EQ(outcome(std::nullopt), Texts{"refused"});
}

TEST(Subscriber, Rps04APasswordWhereNoneIsWanted) {
    RedisServer server;
    SubscriberOptions options;
    options.credentials = Credentials{"", "hush"};

    EXPECT_THROW(
        play([&]() -> awaitable<> {
            (void)co_await Subscriber::connect(server.endpoint(), options);
        }),
        CommandRefused
    );
}

TEST(Subscriber, Rps06TwoOnOneLoopInterleaveAndEndAlone) {
    RedisServer server;
    Texts noted;

    play([&]() -> awaitable<> {
        const LoopExecutor home = co_await boost::asio::this_coro::executor;
        Publisher publisher{server.endpoint()};
        int listening = 0;
        const auto first = spawn(home, listen(server.endpoint(), "a", noted, listening));
        const auto second = spawn(home, listen(server.endpoint(), "b", noted, listening));
        while (listening < 2) {
            co_await yield_now();
        }
        for (int i = 0; i < 3; ++i) {
            for (const auto* channel : {"a", "b"}) {
                publisher.publish(channel, std::to_string(i));
                const auto before = noted.size();
                while (noted.size() == before) {
                    co_await yield_now();
                }
            }
        }
        first.cancel();
        while (publisher.say("PUBLISH a gone") != ":0") {
            co_await yield_now();  // the server learns of the end in its own time
        }
        EXPECT_EQ(publisher.publish("b", "3"), 1);
        while (noted.back() != "b:3") {
            co_await yield_now();
        }
        second.cancel();
    });

    EXPECT_EQ(noted, (Texts{"a:0", "b:0", "a:1", "b:1", "a:2", "b:2", "b:3"}));
}

TEST(Subscriber, Rps05AServerHasEnoughOfAClientThatDoesNotRead) {
    RedisServer server{{"--client-output-buffer-limit", "pubsub", "1mb", "1mb", "1"}};
    Texts noted;

    play([&]() -> awaitable<> {
        SubscriberOptions options;
        options.buffer = {.messages = 2, .policy = on_overflow::stop_reading};
        auto sub = co_await Subscriber::connect(server.endpoint(), options);
        Texts names{"a"};
        co_await sub.subscribe(names);
        Publisher publisher{server.endpoint()};
        const std::string large(50'000, 'x');
        while (publisher.publish("a", large) == 1) {
            co_await yield_now();
        }
        while (noted.empty() || noted.back() != "gap") {
            noted.clear();
            co_await take(sub, noted, 1);
        }
        while (publisher.publish("a", "again") == 0) {
            co_await yield_now();
        }
        co_await take(sub, noted, 1);
    });

    EXPECT_EQ(noted, (Texts{"gap", "a:again"}));
}

}  // namespace
}  // namespace fanfetch::redis
