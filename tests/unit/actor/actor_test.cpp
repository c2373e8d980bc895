#include "actor/actor.hpp"

#include "actor/actor_system.hpp"
#include "notes.hpp"
#include "support/patience.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::eventually;
using testing::Lines;
using testing::Notes;
using testing::patience;

TEST(Actor, Act01ChangesItsBehaviourForTheNextMessage) {
    struct Moody : Actor<std::string> {
        void receive(std::string, Address from) override {
            become(&Moody::sulk);
            send(from, "hello");
        }
        void sulk(std::string, Address from) {
            unbecome<std::string>();
            send(from, "go away");
        }
    };
    ActorSystem system;
    const auto moody = system.create<Moody>();

    Lines said;
    for (int visit = 0; visit < 3; ++visit) {
        said.push_back(system.ask<std::string>(moody, "knock").result(patience));
    }

    EXPECT_EQ(said, (Lines{"hello", "go away", "hello"}));
}

TEST(Actor, Act01ABehaviourMayReplaceItself) {
    struct Counter : Actor<int> {
        Counter() { count_from(1); }
        void receive(int, Address) override {}
        void count_from(int next) {
            // The captured text is on the heap: the sanitizer sees it if it is freed too early.
            become<int>([this, next, name = std::string(100, 'x')](int, Address from) {
                count_from(next + 1);
                send(from, std::to_string(next) + name.substr(0, 1));
            });
        }
    };
    ActorSystem system;
    const auto counter = system.create<Counter>();

    EXPECT_EQ(system.ask<std::string>(counter, 0).result(patience), "1x");
    EXPECT_EQ(system.ask<std::string>(counter, 0).result(patience), "2x");
}

TEST(Actor, Act01AHandlerThatThrewHasChangedNoBehaviour) {
    struct Moody : Actor<int> {
        void receive(int number, Address from) override {
            become<int>([this](int, Address asker) { send(asker, "changed"s); });
            if (number < 0) {
                throw std::runtime_error{"negative"};
            }
            send(from, "as before"s);
        }
    };
    ActorSystem system;
    const auto moody = system.create<Moody>();

    EXPECT_THROW(system.ask<std::string>(moody, -1).result(patience), Poison);
    EXPECT_EQ(system.ask<std::string>(moody, 1).result(patience), "as before");
    EXPECT_EQ(system.ask<std::string>(moody, 1).result(patience), "changed");
}

TEST(Actor, Act02HandlesOneMessageAtATimeAndSeesWhatItDidBefore) {
    constexpr int senders = 4;
    constexpr int each = 2'000;
    struct Sum : Actor<int, std::string> {
        void receive(int number, Address) override {
            overlaps += inside.exchange(true) ? 1 : 0;
            sum += number;  // no lock: the thread sanitizer sees whether it needs one
            inside = false;
        }
        void receive(std::string, Address from) override { send(from, sum + 1'000'000 * overlaps); }
        std::atomic<bool> inside{false};
        int overlaps = 0;
        int sum = 0;
    };
    ActorSystem system;
    const auto sum = system.create<Sum>();

    {
        std::vector<std::jthread> threads;
        for (int sender = 0; sender < senders; ++sender) {
            threads.emplace_back([&] {
                for (int count = 0; count < each; ++count) {
                    system.send(sum, 1);
                }
            });
        }
    }

    EXPECT_EQ(system.ask<int>(sum, "how much?").result(patience), senders * each);
}

TEST(Actor, Act03KeepsTheOrderOfEachSender) {
    struct Numbered {
        int sender;
        int number;
    };
    struct Order : Actor<Numbered, std::string> {
        void receive(Numbered one, Address) override {
            wrong += one.number == ++last[static_cast<std::size_t>(one.sender)] ? 0 : 1;
        }
        void receive(std::string, Address from) override {
            send(from, wrong == 0 ? last[0] + last[1] : -1);
        }
        int last[2] = {0, 0};
        int wrong = 0;
    };
    ActorSystem system;
    const auto order = system.create<Order>();

    {
        std::vector<std::jthread> threads;
        for (int sender = 0; sender < 2; ++sender) {
            threads.emplace_back([&, sender] {
                for (int number = 1; number <= 5'000; ++number) {
                    system.send(order, Numbered{sender, number});
                }
            });
        }
    }

    EXPECT_EQ(system.ask<int>(order, "each once?").result(patience), 10'000)
        << "-1: out of order; less: some were lost; more: some came twice";
}

TEST(Actor, Act04SendNeverRunsAHandlerInlineEvenToOneself) {
    struct Loner : Actor<int, std::string> {
        explicit Loner(Notes& log) : notes{log} {}
        void receive(int, Address) override {
            notes.add("begins");
            send(self(), "to myself");
            notes.add("ends");
        }
        void receive(std::string message, Address from) override {
            notes.add(message + (from == self() ? " from myself" : " from somebody"));
        }
        Notes& notes;
    };
    Notes notes;
    ActorSystem system;

    system.send(system.create<Loner>(std::ref(notes)), 1);

    EXPECT_EQ(notes.await(3), (Lines{"begins", "ends", "to myself from myself"}));
}

/// Waits in its handler until it is let go on; takes two messages beside that.
struct Bounded : Actor<int> {
    static constexpr std::size_t mailbox_capacity = 2;
    Bounded(std::shared_future<void> go, std::promise<void>& busy) : go_{go}, busy_{busy} {}
    void receive(int number, Address from) override {
        if (number == 0) {
            busy_.set_value();
            go_.wait_for(patience);
        }
        if (from) {
            send(from, number);
        }
    }
    std::shared_future<void> go_;
    std::promise<void>& busy_;
};

TEST(Actor, Act04AFullMailboxSaysSoAndTakesAgainLater) {
    std::promise<void> go;
    std::promise<void> busy;
    ActorSystem system;
    const auto bounded = system.create<Bounded>(go.get_future().share(), std::ref(busy));
    system.send(bounded, 0);
    busy.get_future().wait();  // the one being handled takes no room

    EXPECT_EQ(system.send(bounded, 1), delivery::queued);
    EXPECT_EQ(system.send(bounded, 2), delivery::queued);
    EXPECT_EQ(system.send(bounded, 3), delivery::full);
    EXPECT_THROW(system.ask<int>(bounded, 4).result(patience), NotDelivered);
    go.set_value();

    EXPECT_TRUE(eventually([&] { return system.send(bounded, 5) == delivery::queued; }));
    EXPECT_EQ(system.dead_letters(), 0U) << "a refused message is its sender's, not lost";
}

/// Has no room for anything, ever.
struct Full : Actor<std::string> {
    static constexpr std::size_t mailbox_capacity = 0;
    void receive(std::string, Address) override {}
};

TEST(Actor, Act04ARefusedMessageIsStillItsSenders) {
    ActorSystem system;
    const auto full = system.create<Full>();
    std::string message(100, 'm');

    EXPECT_EQ(system.send(full, std::move(message)), delivery::full);

    EXPECT_EQ(message, std::string(100, 'm'));
}

TEST(Actor, Act04ARequestToExitFindsRoomInAFullMailbox) {
    ActorSystem system;
    const auto full = system.create<Full>();

    EXPECT_EQ(system.send(full, ExitRequest{}), delivery::queued);

    EXPECT_TRUE(eventually([&] { return system.actors() == 0; }));
    EXPECT_EQ(system.send(full, "x"), delivery::full) << "no room for anything, ever";
}

TEST(Actor, Act12AWakeupComesInTheNormalStream) {
    struct Sleeper : Actor<std::string, Wakeup> {
        explicit Sleeper(Notes& log) : notes{log} {}
        void receive(std::string message, Address) override {
            wakeup_after(2ms, "late"s);
            wakeup_after(1ms, "soon"s);
            wakeup_after(std::chrono::hours::max(), "never"s);
            wakeup_after(0s, 17);
            notes.add(message);  // last: its wake-ups come in later turns, however late this is
        }
        void receive(Wakeup wakeup, Address from) override {
            const auto* const text = wakeup.get_if<std::string>();
            notes.add((text != nullptr ? *text : "number") + (from == self() ? "" : "?"));
            early += Steady::now() - start < wakeup.delay ? 1 : 0;
            if (early > 0) {
                notes.add("too early");
            }
        }
        Notes& notes;
        Steady::time_point start = Steady::now();
        int early = 0;
    };
    Notes notes;
    ActorSystem system;

    system.send(system.create<Sleeper>(std::ref(notes)), "asleep");

    auto all = notes.await(4);
    ASSERT_EQ(all.size(), 4U) << ::testing::PrintToString(all);
    EXPECT_EQ(all[0], "asleep") << "even what is due at once comes after the message at hand";
    std::ranges::sort(all);  // asked for one after the other, so that any may be due first
    EXPECT_EQ(all, (Lines{"asleep", "late", "number", "soon"}));
}

TEST(Actor, Act12AWakeupIsNotHeldUpByAnotherOrByNone) {
    struct Sleeper : Actor<std::chrono::milliseconds, Wakeup> {
        explicit Sleeper(Notes& log) : notes{log} {}
        void receive(std::chrono::milliseconds delay, Address) override { wakeup_after(delay); }
        void receive(Wakeup, Address) override { notes.add("awake"); }
        Notes& notes;
    };
    Notes notes;
    ActorSystem system;
    const auto sleeper = system.create<Sleeper>(std::ref(notes));
    for (std::size_t round = 1; round <= 3; ++round) {  // each into an alarm that waits for nothing
        system.send(sleeper, 1ms);
        ASSERT_EQ(notes.await(round).size(), round);
    }

    system.send(sleeper, std::chrono::milliseconds{2h});
    for (std::size_t round = 4; round <= 6; ++round) {  // each sooner than what it waits for
        system.send(sleeper, 1ms);
        ASSERT_EQ(notes.await(round).size(), round);
    }
}

TEST(Actor, Act15ALongHandlerDelaysOnlyItsOwnActor) {
    struct Slow : Actor<int> {
        explicit Slow(std::shared_future<void> go) : go_{go} {}
        void receive(int, Address from) override {
            go_.wait_for(patience);
            send(from, 1);
        }
        std::shared_future<void> go_;
    };
    struct Quick : Actor<int> {
        void receive(int number, Address from) override { send(from, number + 1); }
    };
    std::promise<void> go;
    ActorSystem system{{.pool = {.max_workers = 2}}};
    auto slow = system.ask<int>(system.create<Slow>(go.get_future().share()), 0);
    const auto quick = system.create<Quick>();

    for (int count = 0; count < 100; ++count) {
        EXPECT_EQ(system.ask<int>(quick, count).result(patience), count + 1);
    }

    EXPECT_FALSE(slow.done());
    go.set_value();
    EXPECT_EQ(slow.result(patience), 1);
}

TEST(Actor, IsOnlyMadeByCreate) {
    struct Plain : Actor<int> {
        void receive(int, Address) override {}
    };

    EXPECT_THROW(Plain{}, InvalidStateError);
}

}  // namespace
}  // namespace fanfetch
