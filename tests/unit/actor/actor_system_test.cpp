#include "actor/actor_system.hpp"

#include "coro/await_future.hpp"
#include "coro/event_loop.hpp"
#include "notes.hpp"
#include "support/patience.hpp"
#include "support/run_coroutine.hpp"
#include "unit/future/logged_errors.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <unordered_set>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::Lines;
using testing::LoggedErrors;
using testing::Notes;
using testing::patience;
using testing::run_coroutine;

struct Relay {
    Address reply_to;
    std::string prefix;
};

struct World : Actor<Relay> {
    void receive(Relay m, Address) override { send(m.reply_to, m.prefix + " world!"); }
};

struct Hello : Actor<std::string> {
    void receive(std::string m, Address from) override {
        if (m == "are you there?") {
            send(create<World>(), Relay{from, "Hello,"});
        }
    }
};

struct Echo : Actor<std::string, int> {
    void receive(std::string text, Address from) override { send(from, text); }
    void receive(int number, Address from) override { send(from, number); }
};

/// Keeps who asked, and answers when told to.
struct Patient : Actor<std::string, int> {
    void receive(std::string, Address from) override { asker = from; }
    void receive(int answer, Address) override { send(asker, answer); }
    Address asker;
};

TEST(ActorSystem, Act05TheFirstMessageSentBackIsTheReply) {
    struct Talker : Actor<int> {
        void receive(int, Address from) override {
            for (int answer = 1; answer <= 3; ++answer) {
                send(from, answer);
            }
        }
    };
    ActorSystem system;

    EXPECT_EQ(system.ask<int>(system.create<Talker>(), 0).result(patience), 1);

    EXPECT_TRUE(eventually([&] { return system.dead_letters() == 2; }));
}

TEST(ActorSystem, Act05AnAskThatIsNotAnsweredTimesOutAndALateReplyIsADeadLetter) {
    ActorSystem system;
    const auto patient = system.create<Patient>();

    EXPECT_THROW(system.ask<int>(patient, "?", 1ms).result(patience), TimeoutError);
    system.send(patient, 1);

    EXPECT_TRUE(eventually([&] { return system.dead_letters() == 1; }));
    auto next = system.ask<int>(patient, "?", patience);
    system.send(patient, 2);
    EXPECT_EQ(next.result(patience), 2) << "a late answer is not taken for the next ask's";
}

TEST(ActorSystem, Act05TheSmallestAndTheLargestTimeLimits) {
    ActorSystem system;
    const auto patient = system.create<Patient>();

    EXPECT_THROW(system.ask<int>(patient, "?", -1h).result(patience), TimeoutError);
    auto longest = system.ask<int>(patient, "?", std::chrono::hours::max());
    system.send(patient, 2);
    EXPECT_EQ(longest.result(patience), 2);
}

TEST(ActorSystem, Act05AReplyOfAnotherTypeIsAnError) {
    ActorSystem system;

    try {
        (void)system.ask<int>(system.create<Echo>(), "text").result(patience);
        FAIL() << "the reply is text";
    } catch (const UnexpectedReply& error) {
        EXPECT_NE(std::string{error.what()}.find("where int was asked for"), std::string::npos);
    }
}

TEST(ActorSystem, Act05AnAskOfSomebodyWhoHasEndedFailsAtOnce) {
    ActorSystem system;
    const auto echo = system.create<Echo>();
    system.send(echo, ExitRequest{});
    ASSERT_TRUE(eventually([&] { return system.actors() == 0; }));

    EXPECT_THROW(system.ask<int>(echo, 1).result(patience), NotDelivered);
    EXPECT_THROW(system.ask<int>(Address{}, 1).result(patience), NotDelivered);
    EXPECT_EQ(system.dead_letters(), 2U);
}

TEST(ActorSystem, Act05ACancelledAskTakesNoReply) {
    ActorSystem system;
    const auto patient = system.create<Patient>();
    auto future = system.ask<int>(patient, "?");

    EXPECT_TRUE(future.cancel());
    system.send(patient, 1);

    EXPECT_TRUE(eventually([&] { return system.dead_letters() == 1; }));
    EXPECT_TRUE(future.cancelled());
}

TEST(ActorSystem, Act06TheReplyMayComeFromSomebodyElse) {
    ActorSystem sys;

    EXPECT_EQ(
        sys.ask<std::string>(sys.create<Hello>(), "are you there?", patience).result(),
        "Hello, world!"
    );
}

TEST(ActorSystem, Act06ARequestMayBePassedOnInItsSendersName) {
    struct Clerk : Actor<int> {
        void receive(int number, Address from) override { send(create<Echo>(), number, from); }
    };
    ActorSystem system;

    EXPECT_EQ(system.ask<int>(system.create<Clerk>(), 5).result(patience), 5);
}

TEST(ActorSystem, Act11MessagesToNobodyGoToTheDeadLetterHandler) {
    const LoggedErrors logged;
    Notes notes;
    ActorSystem system{{.on_dead_letter = [&notes](const DeadLetter& letter) {
        const auto* const text = letter.message.get_if<std::string>();
        notes.add(
            (text != nullptr ? *text : letter.message.type_name()) + " " +
            std::to_string(static_cast<int>(letter.reason)) + (letter.to ? "" : " nobody")
        );
        throw std::runtime_error{"the handler's own failure is its own"};
    }}};
    const auto world = system.create<World>();

    system.send(Address{}, "lost");
    system.send(world, 1.5);
    EXPECT_EQ(notes.await(2), (Lines{"lost 0 nobody", "double 3"}));
    system.send(world, ExitRequest{});
    ASSERT_TRUE(eventually([&] { return system.actors() == 0; }));
    EXPECT_EQ(system.send(world, "late"), delivery::dead_letter);

    EXPECT_EQ(notes.await(3), (Lines{"lost 0 nobody", "double 3", "late 1"}));
    EXPECT_EQ(system.dead_letters(), 3U);
    EXPECT_TRUE(eventually([&] { return logged.all().size() == 3; })) << "what the handler throws";
}

TEST(ActorSystem, Act11WhatIsBehindAnExitIsADeadLetter) {
    std::promise<void> go;
    struct Blocked : Actor<std::string> {
        explicit Blocked(std::shared_future<void> start) { start.wait_for(patience); }
        void receive(std::string, Address) override {}
    };
    ActorSystem system;
    const auto blocked = system.create<Blocked>(go.get_future().share());

    system.send(blocked, "before");
    system.send(blocked, ExitRequest{});
    system.send(blocked, "behind");
    system.send(blocked, "behind");
    go.set_value();
    system.shutdown();

    EXPECT_EQ(system.dead_letters(), 2U);
}

TEST(ActorSystem, Act11AnAddressOutlivesActorAndSystemAndIsNobodyElses) {
    std::set<Address> ordered;
    std::unordered_set<Address> hashed;
    Address last;
    for (int round = 0; round < 3; ++round) {
        ActorSystem system;
        for (int count = 0; count < 10; ++count) {
            last = system.create<Echo>();
            ordered.insert(last);
            hashed.insert(last);
        }
    }

    EXPECT_EQ(ordered.size(), 30U);
    EXPECT_EQ(hashed.size(), 30U);
    EXPECT_EQ(*ordered.rbegin(), last);
    EXPECT_TRUE(hashed.contains(last));
    EXPECT_EQ(to_string(Address{}), "nobody");
    ActorSystem other;
    EXPECT_EQ(other.send(last, 1), delivery::dead_letter);
}

TEST(ActorSystem, Act14ShutdownDeliversWhatWasQueuedBefore) {
    constexpr int messages = 1'000;
    struct Sum : Actor<int> {
        explicit Sum(std::atomic<int>& counter) : sum{counter} {}
        void receive(int number, Address) override { sum += number; }
        std::atomic<int>& sum;
    };
    std::atomic<int> sum{0};
    ActorSystem system;
    const auto address = system.create<Sum>(std::ref(sum));
    for (int count = 0; count < messages; ++count) {
        system.send(address, 1);
    }

    system.shutdown();

    EXPECT_EQ(sum, messages);
    EXPECT_EQ(system.dead_letters(), 0U);
    EXPECT_EQ(system.actors(), 0U);
}

TEST(ActorSystem, Act14ShutdownFailsOutstandingAsksWithCancelledError) {
    ActorSystem system;
    const auto patient = system.create<Patient>();
    const auto unlimited = system.ask<int>(patient, "?");
    const auto limited = system.ask<int>(patient, "?", 1h);

    system.shutdown();

    EXPECT_THROW(unlimited.result(patience), CancelledError);
    EXPECT_THROW(limited.result(patience), CancelledError);
    EXPECT_THROW(system.ask<int>(patient, "?").result(patience), CancelledError);
}

TEST(ActorSystem, Act14ShutdownMayBeCalledAgainAndTakesNoNewActors) {
    ActorSystem system;
    system.create<Echo>();

    {
        const std::jthread other{[&] { system.shutdown(); }};
        system.shutdown();
    }
    system.shutdown();

    EXPECT_THROW(system.create<Echo>(), ExecutorShutdown);
    EXPECT_FALSE(system.begin_shutdown().cancel()) << "the end cannot be called off";
}

TEST(ActorSystem, Act14ShutdownOfASystemWithoutActorsReturnsAtOnce) {
    ActorSystem system;

    system.shutdown();

    EXPECT_TRUE(system.begin_shutdown().done());
}

TEST(ActorSystem, Act14AnActorCannotWaitForItsOwnSystem) {
    struct Saboteur : Actor<int> {
        explicit Saboteur(ActorSystem& own) : system{own} {}
        void receive(int, Address from) override {
            try {
                system.shutdown();
            } catch (const std::system_error& error) {
                send(from, error.code() == std::errc::resource_deadlock_would_occur);
            }
        }
        ActorSystem& system;
    };
    ActorSystem system;

    EXPECT_TRUE(system.ask<bool>(system.create<Saboteur>(std::ref(system)), 1).result(patience));

    system.begin_shutdown().result(patience);
}

TEST(ActorSystem, RunsOnTheLoopsItIsGiven) {
    struct Where : Actor<int> {
        void receive(int, Address from) override { send(from, std::this_thread::get_id()); }
    };
    EventLoop loops[2];
    std::set<std::thread::id> threads;
    std::set<std::thread::id> seen;
    for (auto& loop : loops) {
        loop.start();
        Promise<std::thread::id> id;
        loop.post([&id] { id.set_result(std::this_thread::get_id()); });
        threads.insert(id.get_future().result(patience));
    }
    {
        ActorSystem system{{loops[0].executor(), loops[1].executor()}};
        const auto first = system.create<Where>();
        const auto second = system.create<Where>();
        for (int count = 0; count < 10; ++count) {
            seen.insert(system.ask<std::thread::id>(first, 0).result(patience));
            seen.insert(system.ask<std::thread::id>(second, 0).result(patience));
        }
    }
    for (auto& loop : loops) {
        loop.stop();
        loop.join();
    }

    EXPECT_EQ(seen, threads) << "each actor keeps to one of them, and both are used";
}

TEST(ActorSystem, ACoroutineAsksAndEndsASystemOnItsOwnLoop) {
    const auto answer = run_coroutine([](LoopExecutor home) -> awaitable<std::string> {
        ActorSystem system{{home}};
        auto reply = system.ask<std::string>(system.create<Hello>(), "are you there?", patience);
        auto text = co_await await_future(std::move(reply));
        auto end = system.begin_shutdown();
        co_await await_future(std::move(end));
        co_return text;
    });

    EXPECT_EQ(answer, "Hello, world!");
}

TEST(ActorSystem, RunsOnAPoolItIsGiven) {
    ThreadPoolExecutor pool{{.max_workers = 1}};
    {
        ActorSystem system{pool};
        EXPECT_EQ(system.ask<int>(system.create<Echo>(), 3).result(patience), 3);
    }

    EXPECT_EQ(pool.submit([] { return 4; }).result(patience), 4) << "it is not the system's";
}

TEST(ActorSystem, NeedsALoopIfItIsGivenLoops) {
    EXPECT_THROW(ActorSystem{std::vector<LoopExecutor>{}}, std::invalid_argument);
}

#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(ActorSystem, Prf07SendAndHandleTakeAMicrosecondAtMost) {
    constexpr int messages = 200'000;
    struct Sum : Actor<int, std::string> {
        void receive(int number, Address) override { sum += number; }
        void receive(std::string, Address from) override { send(from, std::exchange(sum, 0)); }
        int sum = 0;
    };
    ActorSystem system;
    const auto sum = system.create<Sum>();

    auto best = Steady::duration::max();
    for (int round = 0; round < 7; ++round) {
        const auto start = Steady::now();
        for (int count = 0; count < messages; ++count) {
            system.send(sum, 1);
        }
        ASSERT_EQ(system.ask<int>(sum, "all?").result(patience), messages);
        best = std::min(best, Steady::now() - start);
    }

    EXPECT_LE(best / messages, 1us);
}
#endif

}  // namespace
}  // namespace fanfetch
