// What races: run under the thread sanitizer, and counted over many rounds.

#include "actor/actor_system.hpp"
#include "notes.hpp"
#include "support/patience.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::patience;

constexpr int most_rounds = 200;
constexpr auto long_enough = 1s;  // a crowded machine makes fewer rounds, not a longer test

template <class Round>
void repeat(Round round) {
    const auto end = Steady::now() + long_enough;
    for (int count = 0; count < most_rounds && Steady::now() < end; ++count) {
        round(count);
    }
}

TEST(ActorStress, Act14EveryMessageIsHandledOrADeadLetterHoweverShutdownFalls) {
    constexpr int senders = 3;
    constexpr int each = 300;
    struct Count : Actor<int> {
        explicit Count(std::atomic<int>& counter) : handled{counter} {}
        void receive(int, Address) override { ++handled; }
        std::atomic<int>& handled;
    };

    repeat([](int round) {
        std::atomic<int> handled{0};
        std::atomic<int> sent{0};
        ActorSystem system;
        const auto target = system.create<Count>(std::ref(handled));
        {
            std::vector<std::jthread> threads;
            for (int sender = 0; sender < senders; ++sender) {
                threads.emplace_back([&] {
                    for (int count = 0; count < each; ++count) {
                        sent += system.send(target, 1) == delivery::queued ? 1 : 0;
                    }
                });
            }
            while (sent < round % (senders * each)) {
                std::this_thread::yield();
            }
            system.shutdown();
        }

        EXPECT_EQ(
            static_cast<std::uint64_t>(handled.load()) + system.dead_letters(),
            static_cast<std::uint64_t>(senders * each)
        );
        EXPECT_LE(handled, sent);
    });
}

TEST(ActorStress, Act05AnAskHasOneOutcomeHoweverTimeoutAndReplyFall) {
    struct Echo : Actor<int> {
        void receive(int number, Address from) override { send(from, number); }
    };
    constexpr int asks = 200;
    int answered = 0;
    int timed_out = 0;
    ActorSystem system;
    const auto echo = system.create<Echo>();

    repeat([&](int round) {
        std::vector<Future<int>> futures;
        for (int number = 0; number < asks; ++number) {
            const auto limit = std::chrono::microseconds{round * 3 + number % 50};
            futures.push_back(system.ask<int>(echo, number, limit));
        }
        for (int number = 0; number < asks; ++number) {
            try {
                EXPECT_EQ(futures[static_cast<std::size_t>(number)].result(patience), number);
                ++answered;
            } catch (const TimeoutError&) {
                ++timed_out;
            }
        }
    });
    system.shutdown();

    EXPECT_EQ(system.dead_letters(), static_cast<std::uint64_t>(timed_out))
        << "what came too late; " << answered << " came in time";
}

TEST(ActorStress, Act14EveryAskHasAnOutcomeHoweverShutdownFalls) {
    struct Echo : Actor<int> {
        void receive(int number, Address from) override { send(from, number); }
    };

    repeat([](int round) {
        std::vector<Future<int>> futures;
        ActorSystem system;
        const auto echo = system.create<Echo>();
        std::atomic<int> asked{0};
        std::jthread asker{[&] {
            for (int number = 0; number < 100; ++number) {
                futures.push_back(system.ask<int>(echo, number, 1h));
                ++asked;
            }
        }};
        while (asked < round % 100) {
            std::this_thread::yield();
        }
        system.shutdown();
        asker.join();

        for (const auto& future : futures) {
            EXPECT_TRUE(future.done());
            (void)future.exception(0s);
        }
    });
}

TEST(ActorStress, Act10EveryEndIsHeardOfInAStormOfChildren) {
    static constexpr int children = 100;
    struct Child : Actor<int> {
        explicit Child(bool fails) {
            if (fails) {
                throw std::runtime_error{"not today"};
            }
        }
        void receive(int, Address) override { send(self(), ExitRequest{}); }
    };
    struct Mother : Actor<std::string, ChildExited> {
        void receive(std::string, Address from) override {
            asker = from;
            for (int count = 0; count < children; ++count) {
                const auto child = create<Child>(count % 3 == 0);
                send(child, 1);
                if (count % 2 == 0) {
                    send(child, ExitRequest{});
                }
            }
        }
        void receive(ChildExited, Address) override {
            if (++gone == children) {
                send(asker, gone);
            }
        }
        Address asker;
        int gone = 0;
    };

    repeat([](int) {
        ActorSystem system;

        EXPECT_EQ(system.ask<int>(system.create<Mother>(), "go").result(patience), children);
    });
}

TEST(ActorStress, Act09FamiliesThatGrowWhileTheyAreEndedEndWhole) {
    struct Fertile : Actor<int, ChildExited> {
        void receive(int generations, Address) override {
            if (generations > 0) {
                send(create<Fertile>(), generations - 1);
                send(create<Fertile>(), generations - 1);
            }
        }
        void receive(ChildExited, Address) override {}
    };

    repeat([](int round) {
        std::atomic<int> created{0};
        ActorSystem system;
        std::jthread creator{[&] {
            try {
                for (int count = 0; count < 10; ++count) {
                    const auto first = system.create<Fertile>();
                    system.send(first, 4);
                    system.send(first, ExitRequest{.recursive = count % 2 == 0});
                    ++created;
                }
            } catch (const ExecutorShutdown&) {
                return;  // the shutdown came first
            }
        }};
        while (created < round % 10) {
            std::this_thread::yield();
        }
        system.shutdown();

        EXPECT_EQ(system.actors(), 0U);
    });
}

}  // namespace
}  // namespace fanfetch
