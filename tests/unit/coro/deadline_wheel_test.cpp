#include "coro/deadline_wheel.hpp"

#include "base/random.hpp"
#include "coro/sleep.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::run_coroutine;

class Alarm final : public DeadlineEntry {
public:
    std::vector<Steady::time_point> rung;
    std::function<void()> then = [] {};

private:
    void expire() noexcept override {
        rung.push_back(Steady::now());
        then();
    }
};

/// Runs the loop until `done` holds; the time limit is the test runner's.
template <class Condition>
awaitable<> until(Condition& done) {
    while (!done()) {
        co_await sleep(1ms);
    }
}

TEST(DeadlineWheel, NeverRingsEarlyAndEachDeadlineOnce) {
    std::deque<Alarm> alarms(200);
    std::mt19937 random{20221121};
    std::uniform_int_distribution<int> wait{-5'000, 60'000};

    run_coroutine([&](LoopExecutor home) -> awaitable<> {
        const auto start = Steady::now();
        for (auto& alarm : alarms) {
            deadlines_of(home).arm(alarm, start + std::chrono::microseconds{wait(random)});
        }
        auto all_rung = [&] {
            return std::ranges::none_of(alarms, [](auto& alarm) { return alarm.rung.empty(); });
        };
        co_await until(all_rung);
        co_await sleep(2 * DeadlineWheel::resolution);
    });

    for (const auto& alarm : alarms) {
        ASSERT_EQ(alarm.rung.size(), 1U);
        EXPECT_GE(alarm.rung.front(), alarm.when());
        EXPECT_FALSE(alarm.armed());
    }
}

TEST(DeadlineWheel, ADisarmedDeadlineDoesNotRing) {
    Alarm disarmed;
    Alarm later;

    run_coroutine([&](LoopExecutor home) -> awaitable<> {
        auto& wheel = deadlines_of(home);
        const auto now = Steady::now();
        wheel.arm(disarmed, now + 5ms);
        wheel.arm(later, now + 30ms);
        {
            Alarm destroyed;
            wheel.arm(destroyed, now + 5ms);
        }
        wheel.disarm(disarmed);
        auto rung = [&] { return !later.rung.empty(); };
        co_await until(rung);
    });

    EXPECT_TRUE(disarmed.rung.empty());
}

TEST(DeadlineWheel, ADeadlineCanBeMovedBothWays) {
    Alarm later;
    Alarm sooner;
    const auto start = Steady::now();

    run_coroutine([&](LoopExecutor home) -> awaitable<> {
        auto& wheel = deadlines_of(home);
        wheel.arm(later, start + 5ms);
        wheel.arm(later, start + 60ms);
        wheel.arm(sooner, start + 10h);
        wheel.arm(sooner, start + 5ms);
        auto both = [&] { return !later.rung.empty() && !sooner.rung.empty(); };
        co_await until(both);
    });

    EXPECT_EQ(later.rung.size(), 1U);
    EXPECT_GE(later.rung.front(), start + 60ms);
    EXPECT_EQ(sooner.rung.size(), 1U);
}

TEST(DeadlineWheel, AnExpiryMayArmDisarmAndRearmItself) {
    Alarm periodic;
    Alarm victim;

    run_coroutine([&](LoopExecutor home) -> awaitable<> {
        auto& wheel = deadlines_of(home);
        periodic.then = [&] {
            wheel.disarm(victim);
            if (periodic.rung.size() < 3) {
                wheel.arm(periodic, Steady::now() - 1s);
            }
        };
        const auto same_tick = Steady::now();
        wheel.arm(periodic, same_tick);
        wheel.arm(victim, same_tick);
        auto thrice = [&] { return periodic.rung.size() == 3; };
        co_await until(thrice);
    });

    EXPECT_TRUE(victim.rung.empty()) << "disarmed by the one that rang before it";
}

TEST(DeadlineWheel, ADeadlineBeyondOneTurnWaitsForItsOwn) {
    Alarm far;
    Alarm near;

    const auto still_armed = run_coroutine([&](LoopExecutor home) -> awaitable<bool> {
        auto& wheel = deadlines_of(home);
        const auto now = Steady::now();
        // Falls into the slot of `near`, any number of turns later.
        wheel.arm(far, now + 20ms + 100 * 1024 * DeadlineWheel::resolution);
        wheel.arm(near, now + 20ms);
        auto rung = [&] { return !near.rung.empty(); };
        co_await until(rung);
        co_return far.armed();
    });

    EXPECT_TRUE(still_armed);
    EXPECT_TRUE(far.rung.empty());
}

TEST(DeadlineWheel, TheLastMomentThereIsNeverComes) {
    Alarm never;

    run_coroutine([&](LoopExecutor home) -> awaitable<> {
        deadlines_of(home).arm(never, Steady::time_point::max());
        co_await sleep(3 * DeadlineWheel::resolution);
    });

    EXPECT_TRUE(never.rung.empty());
}

TEST(DeadlineWheel, APendingDeadlineDoesNotKeepTheLoopRunning) {
    EventLoop loop;
    Alarm idle;
    loop.start();

    loop.post([&] { deadlines_of(loop.executor()).arm(idle, Steady::now() + 24h); });
    loop.stop();
    loop.join();  // the test runner's limit says whether it waits for a day

    EXPECT_TRUE(idle.rung.empty());
}

TEST(DeadlineWheel, ADeadlineStillRingsAfterTheLoopHasBeenRunAgain) {
    EventLoop loop;
    Alarm alarm;
    auto arm = [&]() -> awaitable<> {
        deadlines_of(loop.executor()).arm(alarm, Steady::now() + 5ms);
        co_return;
    };
    auto rung = [&] { return !alarm.rung.empty(); };

    loop.run_until_complete(arm());
    loop.run_until_complete(until(rung));

    EXPECT_EQ(alarm.rung.size(), 1U);
}

}  // namespace
}  // namespace fanfetch
