#include "coro/sleep.hpp"

#include "coro/spawn.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::run_coroutine;

TEST(Sleep, Lop04SuspendsAtLeastThatLong) {
    const auto start = Steady::now();

    run_coroutine([](LoopExecutor) -> awaitable<> { co_await sleep(5ms); });

    EXPECT_GE(Steady::now() - start, 5ms);
}

TEST(Sleep, Lop04ZeroGivesOneTurnToEverythingReady) {
    const auto order = run_coroutine([](LoopExecutor home) -> awaitable<std::string> {
        std::string text;
        auto other = [&](char who) -> awaitable<> {
            text += who;
            co_await yield_now();
            text += who;
        };
        auto first = spawn(home, other('a'));
        auto second = spawn(home, other('b'));
        co_await sleep(0s);
        text += '|';
        co_await sleep(-1s);
        text += '|';
        co_await first.join();
        co_await second.join();
        co_return text;
    });

    EXPECT_EQ(order, "ab|ab|");
}

TEST(Sleep, Lop06APeriodicCoroutineDoesNotDrift) {
    constexpr auto period = 5ms;
    const auto start = Steady::now();

    run_coroutine([&](LoopExecutor) -> awaitable<> {
        for (int tick = 1; tick <= 4; ++tick) {
            co_await sleep_until(start + tick * period);
            EXPECT_GE(Steady::now(), start + tick * period);
        }
    });
}

TEST(Sleep, Gen02TheLongestPausesDoNotWrapRound) {
    const auto still_asleep = run_coroutine([](LoopExecutor home) -> awaitable<bool> {
        auto task = spawn(home, sleep(std::chrono::hours::max()));
        co_await sleep(2ms);
        co_return !task.done();
    });

    EXPECT_TRUE(still_asleep);
}

}  // namespace
}  // namespace fanfetch
