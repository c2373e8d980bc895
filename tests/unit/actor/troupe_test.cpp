#include "actor/troupe.hpp"

#include "actor/actor.hpp"
#include "actor/actor_system.hpp"
#include "notes.hpp"
#include "support/patience.hpp"
#include "unit/future/logged_errors.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <set>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::LoggedErrors;
using testing::patience;

struct Sum : Actor<int> {
    explicit Sum(std::atomic<int>& counter) : sum{counter} {}
    void receive(int number, Address) override { sum += number; }
    std::atomic<int>& sum;
};

struct WhoAreYou {};

struct Member : Actor<WhoAreYou, int> {
    void receive(WhoAreYou, Address from) override { send(from, self()); }
    void receive(int, Address) override { send(self(), ExitRequest{}); }
};

TEST(Troupe, Act13GivesEachMessageToExactlyOneMember) {
    constexpr int messages = 1'000;
    std::atomic<int> sum{0};
    {
        ActorSystem system;
        const auto troupe = system.create<Troupe<Sum>>(std::size_t{3}, std::ref(sum));
        for (int count = 0; count < messages; ++count) {
            system.send(troupe, 1);
        }
        system.shutdown();
        EXPECT_EQ(system.dead_letters(), 0U);
    }

    EXPECT_EQ(sum, messages);
}

TEST(Troupe, Act13AllMembersHaveTheirTurnAndSeeTheOriginalSender) {
    ActorSystem system;
    const auto troupe = system.create<Troupe<Member>>(std::size_t{3});
    std::set<Address> seen;

    EXPECT_TRUE(eventually([&] {
        seen.insert(system.ask<Address>(troupe, WhoAreYou{}).result(patience));
        return seen.size() == 3;
    }));

    EXPECT_FALSE(seen.contains(troupe));
}

TEST(Troupe, Act13ABusyMemberDoesNotStopTheTroupe) {
    struct Slow : Actor<int> {
        explicit Slow(std::shared_future<void> start) : go{start} {}
        void receive(int number, Address from) override {
            if (number == 0) {
                go.wait_for(patience);
            }
            send(from, number);
        }
        std::shared_future<void> go;
    };
    std::promise<void> go;
    ActorSystem system;
    const auto troupe = system.create<Troupe<Slow>>(std::size_t{2}, go.get_future().share());
    const auto held = system.ask<int>(troupe, 0);

    EXPECT_TRUE(eventually([&] {
        // A member is busy for a moment after its answer; then it may be the other's turn.
        return system.ask<int>(troupe, 1, 100ms).exception(patience) == nullptr;
    }));

    EXPECT_FALSE(held.done());
    go.set_value();
    EXPECT_EQ(held.result(patience), 0);
}

TEST(Troupe, Act13EndsWithItsLastMember) {
    ActorSystem system;
    const auto troupe = system.create<Troupe<Member>>(std::size_t{2});

    system.send(troupe, 1);
    system.send(troupe, 1);

    EXPECT_TRUE(eventually([&] {
        if (system.actors() > 0) {
            system.send(troupe, 1);  // both may have gone to the same one
        }
        return system.actors() == 0;
    }));
    EXPECT_EQ(system.send(troupe, 1), delivery::dead_letter);
}

TEST(Troupe, Act13NeedsAMember) {
    const LoggedErrors logged;
    {
        ActorSystem system;
        system.create<Troupe<Member>>(std::size_t{0});
    }

    EXPECT_EQ(logged.all().size(), 1U);
}

}  // namespace
}  // namespace fanfetch
