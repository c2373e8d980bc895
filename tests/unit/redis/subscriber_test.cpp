#include "redis/subscriber.hpp"

#include "coro/gather.hpp"
#include "coro/sleep.hpp"
#include "coro/spawn.hpp"
#include "coro/with_timeout.hpp"
#include "scripted_server.hpp"
#include "support/dns_fake_resolver.hpp"
#include "support/patience.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch::redis {
namespace {

using namespace std::chrono_literals;
using testing::bulk;
using testing::confirmation;
using testing::message;
using testing::patience;
using testing::pattern_message;
using testing::ScriptedPeer;
using testing::ScriptedServer;

using Texts = std::vector<std::string>;

/// What a step failed with: the type, and the words where they matter.
using Failing = std::function<awaitable<>()>;

awaitable<std::string> failure_of(Failing step) {
    std::exception_ptr error;
    try {
        co_await step();
    } catch (...) {
        error = std::current_exception();
    }
    co_return error ? type_name(error) : "nothing";
}

std::string told(const Message& message) {
    if (message.reconnected()) {
        return "gap";
    }
    return (message.pattern ? *message.pattern + ">" : "") + message.channel + ":" +
           message.payload;
}

/// A server's script and a client's, on one loop; what the client notes is the outcome.
class SubscriberTest : public ::testing::Test {
protected:
    using Script = std::function<awaitable<>()>;

    /// Runs both to their end; a script that throws fails the test.
    void play(Script server_script, Script client_script) {
        EventLoop loop{"test"};
        home_.emplace(loop.executor());
        server_.emplace(*home_);
        // Nothing may wait between attempts; what would have been waited for is noted.
        options_.pause = [this](std::chrono::milliseconds pause) -> awaitable<> {
            pauses_.push_back(pause);
            return yield_now();
        };
        try {
            loop.run(wait_for(play_both(server_script, client_script), patience));
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what();
        }
        server_.reset();
    }

    awaitable<Subscriber> connect() {
        auto options = options_;
        return Subscriber::connect(server_->endpoint(), std::move(options));
    }

    awaitable<> take(Subscriber& sub, std::size_t count) {
        for (; count > 0; --count) {
            noted_.push_back(told(co_await sub.next()));
        }
    }

    awaitable<> note_failure_of_next(Subscriber& sub) {
        Failing next = [&sub]() -> awaitable<> { (void)co_await sub.next(); };
        noted_.push_back(co_await failure_of(next));
    }

    std::optional<LoopExecutor> home_;
    std::optional<ScriptedServer> server_;
    SubscriberOptions options_;
    std::vector<std::chrono::milliseconds> pauses_;
    Texts noted_;

private:
    static awaitable<> play_both(Script& server_script, Script& client_script) {
        std::vector<awaitable<>> both;
        both.push_back(server_script());
        both.push_back(client_script());
        co_await gather(std::move(both));
    }
};

const std::string lost = "fanfetch::redis::ConnectionLost";
const std::string nonsense = "fanfetch::redis::ProtocolError";
const std::string refused = "fanfetch::redis::CommandRefused";

TEST_F(SubscriberTest, Rps01SubscribeCompletesWhenEveryChannelIsConfirmed) {
    bool second_sent = false;
    play(
        [&]() -> awaitable<> {
            auto peer = co_await server_->welcome();
            co_await peer.expect("*3\r\n" + bulk("subscribe") + bulk("a") + bulk("b"));
            co_await peer.send(confirmation("subscribe", "a"));
            co_await yield_now();
            second_sent = true;
            co_await peer.send(confirmation("subscribe", "b"));
            (void)co_await peer.left_unread();
        },
        [&]() -> awaitable<> {
            auto sub = co_await connect();
            Texts none;
            co_await sub.subscribe(none);
            Texts names{"a", "b"};
            co_await sub.subscribe(names);
            EXPECT_TRUE(second_sent);
        }
    );
}

TEST_F(SubscriberTest, Rps02MessagesInServerOrderCutAtEveryByte) {
    const std::string raw{"\0\r\n\xff*1", 6};
    play(
        [&]() -> awaitable<> {
            auto peer = co_await server_->welcome();
            co_await peer.serve("subscribe", "a");
            co_await peer.serve("psubscribe", "?");
            co_await peer.expect("*1\r\n" + bulk("ping"));
            const auto bytes = message("a", raw) + pattern_message("?", "a", raw) +
                               testing::array_of(bulk("pong"), bulk("")) + message("a", "");
            for (const char byte : bytes) {
                co_await peer.send(std::string(1, byte));
            }
            (void)co_await peer.left_unread();
        },
        [&]() -> awaitable<> {
            auto sub = co_await connect();
            Texts channels{"a"};
            co_await sub.subscribe(channels);
            Texts patterns{"?"};
            co_await sub.psubscribe(patterns);
            auto pinging = spawn(*home_, sub.ping());
            co_await take(sub, 3);
            co_await pinging.join();
        }
    );
    EXPECT_EQ(noted_, (Texts{"a:" + raw, "?>a:" + raw, "a:"}));
}

TEST_F(SubscriberTest, Rps03PingUnsubscribeAndQuit) {
    play(
        [&]() -> awaitable<> {
            auto peer = co_await server_->welcome();
            co_await peer.serve("subscribe", "ab");
            co_await peer.expect("*1\r\n" + bulk("ping"));
            co_await peer.send(testing::array_of(bulk("pong"), bulk("")));
            co_await peer.serve("unsubscribe", "a");
            co_await peer.serve("unsubscribe", "b");
            co_await peer.expect("*1\r\n" + bulk("quit"));
            co_await peer.send(message("a", "last") + "+OK\r\n");
            co_await peer.must_end();
        },
        [&]() -> awaitable<> {
            auto sub = co_await connect();
            Texts names{"a", "b"};
            co_await sub.subscribe(names);
            co_await sub.ping();
            Texts one{"a"};
            co_await sub.unsubscribe(one);
            co_await sub.unsubscribe();
            co_await sub.punsubscribe();
            co_await sub.quit();
            co_await note_failure_of_next(sub);
            Failing again = [&sub] { return sub.ping(); };
            noted_.push_back(co_await failure_of(again));
        }
    );
    EXPECT_EQ(noted_, (Texts{"fanfetch::InvalidStateError", "fanfetch::InvalidStateError"}));
}

TEST_F(SubscriberTest, Rps03ARefusedSubscriptionLeavesTheConnection) {
    play(
        [&]() -> awaitable<> {
            auto peer = co_await server_->welcome();
            co_await peer.expect("*2\r\n" + bulk("subscribe") + bulk("secret"));
            co_await peer.send("-NOPERM no access to that channel\r\n");
            co_await peer.serve("subscribe", "a");
            co_await peer.send(message("a", "1"));
            (void)co_await peer.left_unread();
        },
        [&]() -> awaitable<> {
            auto sub = co_await connect();
            Failing asking = [&sub] { return sub.subscribe({"secret"}); };
            noted_.push_back(co_await failure_of(asking));
            Texts names{"a"};
            co_await sub.subscribe(names);
            co_await take(sub, 1);
        }
    );
    EXPECT_EQ(noted_, (Texts{refused, "a:1"}));
}

TEST_F(SubscriberTest, Rps04ComesBackSubscribesAgainAndMarksTheGap) {
    play(
        [&]() -> awaitable<> {
            auto peer = co_await server_->welcome();
            co_await peer.serve("subscribe", "ba");
            co_await peer.serve("psubscribe", "?");
            co_await peer.send(message("a", "1") + "*3\r\n$7\r\nmess");
            peer.hang_up();
            for (int attempt = 0; attempt < 3; ++attempt) {
                auto refusing = co_await server_->accept();
                refusing.hang_up();
            }
            auto loading = co_await server_->accept();
            co_await loading.send("-LOADING Redis is loading the dataset in memory\r\n");
            auto again = co_await server_->welcome();
            const auto both = "*3\r\n" + bulk("subscribe") + bulk("a") + bulk("b") + "*2\r\n" +
                              bulk("psubscribe") + bulk("?");
            co_await again.expect(both);
            co_await again.send(confirmation("subscribe", "a") + message("a", "2"));
            co_await again.send(confirmation("subscribe", "b") + confirmation("psubscribe", "?"));
            co_await again.send(message("b", "3"));
            (void)co_await again.left_unread();
        },
        [&]() -> awaitable<> {
            auto sub = co_await connect();
            Texts names{"b", "a"};
            co_await sub.subscribe(names);
            Texts patterns{"?"};
            co_await sub.psubscribe(patterns);
            co_await take(sub, 4);
        }
    );
    EXPECT_EQ(noted_, (Texts{"a:1", "gap", "a:2", "b:3"}));
    ASSERT_EQ(pauses_.size(), 5U);
    std::chrono::milliseconds ceiling = 500ms;
    for (const auto pause : pauses_) {
        EXPECT_GE(pause, ceiling / 2);
        EXPECT_LE(pause, ceiling);
        ceiling += ceiling / 2;
    }
}

TEST_F(SubscriberTest, Rps04WhatIsAskedMeanwhileIsAskedOnTheNextConnection) {
    bool dropped = false;
    play(
        [&]() -> awaitable<> {
            auto peer = co_await server_->welcome();
            co_await peer.expect("*2\r\n" + bulk("subscribe") + bulk("a"));
            peer.hang_up();
            auto again = co_await server_->welcome();
            co_await again.serve("subscribe", "a");
            (void)co_await again.left_unread();
            dropped = true;
        },
        [&]() -> awaitable<> {
            auto sub = co_await connect();
            Texts names{"a"};
            co_await sub.subscribe(names);
            co_await take(sub, 1);
        }
    );
    EXPECT_TRUE(dropped);
    EXPECT_EQ(noted_, Texts{"gap"});
}

TEST_F(SubscriberTest, Rps04AuthenticatesEachTimeAndARefusalIsFinal) {
    const auto auth = "*3\r\n" + bulk("auth") + bulk("me") + bulk("hush");
    options_.credentials = Credentials{"me", "hush"};
    play(
        [&]() -> awaitable<> {
            auto peer = co_await server_->accept();
            co_await peer.expect(auth);
            co_await peer.send("+OK\r\n");
            co_await peer.greet();
            peer.hang_up();
            auto again = co_await server_->accept();
            co_await again.expect(auth);
            co_await again.send("-WRONGPASS invalid username-password pair\r\n");
            co_await again.must_end();
        },
        [&]() -> awaitable<> {
            auto sub = co_await connect();
            try {
                (void)co_await sub.next();
            } catch (const CommandRefused& error) {
                noted_.emplace_back(error.what());
            }
        }
    );
    ASSERT_EQ(noted_.size(), 1U);
    EXPECT_NE(noted_[0].find("WRONGPASS"), std::string::npos);
    EXPECT_EQ(noted_[0].find("hush"), std::string::npos) << "no secret in an error";
}

TEST_F(SubscriberTest, Rps04FailsInsteadWhenToldSo) {
    options_.when_dropped = on_drop::fail;
    play(
        [&]() -> awaitable<> {
            auto peer = co_await server_->welcome();
            co_await peer.serve("subscribe", "a");
            co_await peer.send(message("a", "1"));
            peer.hang_up();
        },
        [&]() -> awaitable<> {
            auto sub = co_await connect();
            Texts names{"a"};
            co_await sub.subscribe(names);
            co_await take(sub, 1);
            co_await note_failure_of_next(sub);
            co_await note_failure_of_next(sub);
            Failing asking = [&sub] { return sub.ping(); };
            noted_.push_back(co_await failure_of(asking));
        }
    );
    EXPECT_EQ(noted_, (Texts{"a:1", lost, lost, lost}));
    EXPECT_TRUE(pauses_.empty());
}

TEST_F(SubscriberTest, Rps01TheFirstAttemptIsTheOnlyOne) {
    options_.connect_timeout = 20ms;
    play(
        [&]() -> awaitable<> {
            auto silent = co_await server_->accept();
            (void)co_await silent.left_unread();
            auto locked = co_await server_->accept();
            co_await locked.send("-NOAUTH Authentication required.\r\n");
            (void)co_await locked.left_unread();
            auto strange = co_await server_->accept();
            co_await strange.send("HTTP/1.1 400 Bad Request\r\n");
            (void)co_await strange.left_unread();
        },
        [&]() -> awaitable<> {
            Failing connecting = [this]() -> awaitable<> { (void)co_await connect(); };
            noted_.push_back(co_await failure_of(connecting));
            options_.connect_timeout = patience;
            noted_.push_back(co_await failure_of(connecting));
            noted_.push_back(co_await failure_of(connecting));
        }
    );
    EXPECT_EQ(noted_, (Texts{lost, refused, nonsense}));
    EXPECT_TRUE(pauses_.empty());
}

TEST_F(SubscriberTest, Rps05DropsTheOldestAndCounts) {
    options_.buffer = {.messages = 2, .policy = on_overflow::drop_oldest};
    play(
        [&]() -> awaitable<> {
            auto peer = co_await server_->welcome();
            co_await peer.serve("subscribe", "a");
            co_await peer.send(message("a", "1") + message("a", "2") + message("a", "3"));
            co_await peer.expect("*1\r\n" + bulk("ping"));
            co_await peer.send(testing::array_of(bulk("pong"), bulk("")));
            (void)co_await peer.left_unread();
        },
        [&]() -> awaitable<> {
            auto sub = co_await connect();
            Texts names{"a"};
            co_await sub.subscribe(names);
            co_await sub.ping();  // its answer comes behind the messages
            EXPECT_EQ(sub.dropped(), 1U);
            co_await take(sub, 2);
        }
    );
    EXPECT_EQ(noted_, (Texts{"a:2", "a:3"}));
}

TEST_F(SubscriberTest, Rps05FailsOnOverflow) {
    options_.buffer = {.messages = 2, .policy = on_overflow::fail};
    play(
        [&]() -> awaitable<> {
            auto peer = co_await server_->welcome();
            co_await peer.serve("subscribe", "a");
            co_await peer.send(message("a", "1") + message("a", "2") + message("a", "3"));
            (void)co_await peer.left_unread();
        },
        [&]() -> awaitable<> {
            auto sub = co_await connect();
            Texts names{"a"};
            co_await sub.subscribe(names);
            Failing asking = [&sub] { return sub.ping(); };  // in vain: the connection ends
            (void)co_await failure_of(asking);
            co_await take(sub, 2);
            co_await note_failure_of_next(sub);
        }
    );
    EXPECT_EQ(noted_, (Texts{"a:1", "a:2", "fanfetch::redis::BufferOverflow"}));
}

TEST_F(SubscriberTest, Rps05StopsReadingUntilThereIsRoom) {
    constexpr std::size_t many = 400;
    const auto large = std::string(100'000, 'x');  // together more than any socket's buffers
    options_.buffer = {.messages = 2, .policy = on_overflow::stop_reading};
    std::size_t sent = 0;
    std::size_t sent_at_rest = 0;
    play(
        [&]() -> awaitable<> {
            auto peer = co_await server_->welcome();
            co_await peer.serve("subscribe", "a");
            for (; sent < many; ++sent) {
                co_await peer.send(message("a", large));
            }
            (void)co_await peer.left_unread();
        },
        [&]() -> awaitable<> {
            auto sub = co_await connect();
            Texts names{"a"};
            co_await sub.subscribe(names);
            // At rest: the server has not moved for many turns.
            for (int still = 0; still < 2'000; ++still) {
                const auto before = sent;
                co_await yield_now();
                still = sent == before ? still : 0;
            }
            sent_at_rest = sent;
            for (std::size_t i = 0; i < many; ++i) {
                const auto one = co_await sub.next();
                EXPECT_EQ(one.payload.size(), large.size());
            }
            EXPECT_EQ(sub.dropped(), 0U);
        }
    );
    EXPECT_LT(sent_at_rest, many);
    EXPECT_EQ(sent, many);
}

TEST_F(SubscriberTest, Rps06CancellingOneClosesItsConnectionOnly) {
    bool first_is_served = false;
    play(
        [&]() -> awaitable<> {
            auto first = co_await server_->welcome();
            co_await first.serve("subscribe", "a");
            first_is_served = true;
            auto second = co_await server_->welcome();
            co_await second.serve("subscribe", "b");
            co_await first.send(message("a", "1"));
            co_await first.must_end();
            co_await second.send(message("b", "2"));
            (void)co_await second.left_unread();
        },
        [&]() -> awaitable<> {
            auto listen = [this](std::string channel) -> awaitable<> {
                auto sub = co_await connect();
                Texts names{channel};
                co_await sub.subscribe(names);
                for (;;) {
                    co_await take(sub, 1);
                }
            };
            const auto a = spawn(*home_, listen("a"));
            while (!first_is_served) {
                co_await yield_now();
            }
            auto sub = co_await connect();
            Texts names{"b"};
            co_await sub.subscribe(names);
            while (noted_.empty()) {
                co_await yield_now();
            }
            a.cancel();
            co_await yield_now();
            EXPECT_TRUE(a.done()) << "within one turn";
            EXPECT_TRUE(a.cancelled());
            co_await take(sub, 1);
        }
    );
    EXPECT_EQ(noted_, (Texts{"a:1", "b:2"}));
}

TEST_F(SubscriberTest, Rps07Trp12HostileBytesEndTheConnectionWithAProtocolError) {
    const Texts hostile{
        "*2\r\n:1\r\n:2\r\n",
        "?",
        "$99999999999\r\n",
        "*2147483647\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
        "+" + std::string(10'000, 'x'),
        ":12345678901234567890123",
        "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nbc\n",
        confirmation("subscribe", "never asked for"),
        testing::array_of(bulk("pong"), bulk("")),
        "+OK\r\n",
        testing::array_of(bulk("message"), bulk("a")),
    };
    play(
        [&]() -> awaitable<> {
            for (const auto& bytes : hostile) {
                auto peer = co_await server_->welcome();
                co_await peer.serve("subscribe", "a");
                co_await peer.send(message("a", "1") + bytes);
                co_await peer.must_end();
            }
        },
        [&]() -> awaitable<> {
            for (const auto& bytes : hostile) {
                auto sub = co_await connect();
                Texts names{"a"};
                co_await sub.subscribe(names);
                noted_.clear();
                co_await take(sub, 1);
                co_await note_failure_of_next(sub);
                EXPECT_EQ(noted_, (Texts{"a:1", nonsense})) << bytes;
            }
        }
    );
    EXPECT_TRUE(pauses_.empty()) << "there is no coming back to such a server";
}

TEST_F(SubscriberTest, Rps01ANameIsAskedOfTheResolverGiven) {
    play(
        [&]() -> awaitable<> {
            auto peer = co_await server_->welcome();
            (void)co_await peer.left_unread();
        },
        [&]() -> awaitable<> {
            Endpoint named{"redis.test", server_->endpoint().port};
            SubscriberOptions nobody;
            Failing connecting = [named, nobody]() -> awaitable<> {
                (void)co_await Subscriber::connect(named, nobody);
            };
            noted_.push_back(co_await failure_of(connecting));
            testing::FakeResolver names;
            names.answer("redis.test", {"127.0.0.1"});
            SubscriberOptions somebody;
            somebody.names = &names;
            auto sub = co_await Subscriber::connect(named, somebody);
        }
    );
    EXPECT_EQ(noted_, Texts{"std::invalid_argument"});
}

TEST(SubscriberAlone, Rps06ALoopMayBeDestroyedUnderASubscriber) {
    bool connected = false;
    {
        EventLoop loop{"test"};
        ScriptedServer server{loop.executor()};
        auto serving = spawn(loop.executor(), server.welcome());
        auto listening = [](Endpoint endpoint, bool& done) -> awaitable<> {
            auto sub = co_await Subscriber::connect(endpoint);
            done = true;
            (void)co_await sub.next();
        };
        auto waiting = spawn(loop.executor(), listening(server.endpoint(), connected));
        auto until = [](bool& done) -> awaitable<> {
            while (!done) {
                co_await yield_now();
            }
        };
        loop.run_until_complete(until(connected));
    }
    EXPECT_TRUE(connected);
}

}  // namespace
}  // namespace fanfetch::redis
