#include "coro/async_queue.hpp"

#include "coro/sleep.hpp"
#include "coro/spawn.hpp"
#include "coro/with_timeout.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::run_coroutine;

awaitable<> turns(int count) {
    for (int i = 0; i < count; ++i) {
        co_await yield_now();
    }
}

TEST(AsyncQueue, Que01FirstInFirstOutWithABound) {
    std::string trace;

    run_coroutine([&](LoopExecutor home) -> awaitable<> {
        AsyncQueue<char> queue{2};
        auto produce = [&]() -> awaitable<> {
            for (const char item : {'a', 'b', 'c', 'd'}) {
                co_await queue.put(item);
                EXPECT_LE(queue.size(), 2U);
            }
            queue.close();
        };
        auto producer = spawn(home, produce());
        co_await turns(5);
        EXPECT_FALSE(producer.done()) << "the third item waits for room";
        try {
            for (;;) {
                trace += co_await queue.get();
            }
        } catch (const QueueClosed&) {
            trace += '.';
        }
    });

    EXPECT_EQ(trace, "abcd.");
}

TEST(AsyncQueue, Trp03CloseLetsBufferedItemsDrainAndEndsTheGetters) {
    std::string trace;

    run_coroutine([&](LoopExecutor home) -> awaitable<> {
        AsyncQueue<char> queue;
        co_await queue.put('a');
        co_await queue.put('b');
        queue.close();
        trace += co_await queue.get();
        trace += queue.try_get().value_or('?');

        AsyncQueue<char> waited_for;
        auto wait = [&]() -> awaitable<> {
            try {
                (void)co_await waited_for.get();
            } catch (const QueueClosed&) {
                trace += '.';
            }
        };
        auto getter = spawn(home, wait());
        co_await turns(3);
        waited_for.close();
        co_await getter.join();
    });

    EXPECT_EQ(trace, "ab.");
}

TEST(AsyncQueue, Que01PuttingIntoAClosedQueueThrows) {
    const auto refused = run_coroutine([](LoopExecutor home) -> awaitable<int> {
        AsyncQueue<int> queue{1};
        co_await queue.put(1);
        auto wait = [&]() -> awaitable<> { co_await queue.put(2); };
        auto putter = spawn(home, wait());
        co_await turns(3);
        queue.close();
        int count = 0;
        try {
            co_await putter.join();
        } catch (const QueueClosed&) {
            ++count;
        }
        int item = 3;
        count += static_cast<int>(!queue.try_put(item));
        co_return count + static_cast<int>(queue.size());
    });

    EXPECT_EQ(refused, 3);
}

TEST(AsyncQueue, Que01AGetterTimedOutOrCancelledSwallowsNothing) {
    const auto got = run_coroutine([](LoopExecutor home) -> awaitable<std::string> {
        AsyncQueue<char> queue;
        std::string text;
        auto get = [&]() -> awaitable<char> { co_return co_await queue.get(); };
        try {
            (void)co_await with_timeout(1ms, get);
        } catch (const TimeoutError&) {
            text += '-';
        }
        auto first = spawn(home, get());
        auto second = spawn(home, get());
        co_await turns(3);
        co_await queue.put('a');  // promised to the first, who has not run yet
        first.cancel();
        text += co_await second.join();
        EXPECT_TRUE(first.cancelled());
        co_return text;
    });

    EXPECT_EQ(got, "-a");
}

TEST(AsyncQueue, Que01NewcomersDoNotOvertake) {
    const auto order = run_coroutine([](LoopExecutor home) -> awaitable<std::string> {
        AsyncQueue<char> queue;
        std::string text;
        auto get = [&](char who) -> awaitable<> {
            const char item = co_await queue.get();
            text += who;
            text += item;
        };
        auto first = spawn(home, get('1'));
        co_await turns(3);
        co_await queue.put('a');
        EXPECT_FALSE(queue.try_get()) << "the item is promised";
        auto second = spawn(home, get('2'));
        co_await queue.put('b');
        co_await first.join();
        co_await second.join();
        co_return text;
    });

    EXPECT_EQ(order, "1a2b");
}

TEST(AsyncQueue, Que01JoinWaitsUntilEveryItemIsReportedDone) {
    const auto joined_early = run_coroutine([](LoopExecutor home) -> awaitable<bool> {
        AsyncQueue<std::unique_ptr<int>> queue;
        co_await queue.put(std::make_unique<int>(1));
        co_await queue.put(std::make_unique<int>(2));
        auto join = [&]() -> awaitable<> { co_await queue.join(); };
        auto joiner = spawn(home, join());
        (void)co_await queue.get();
        (void)co_await queue.get();
        queue.task_done();
        co_await turns(5);
        const bool early = joiner.done();
        queue.task_done();
        co_await joiner.join();
        EXPECT_THROW(queue.task_done(), InvalidStateError);
        co_return early;
    });

    EXPECT_FALSE(joined_early);
}

TEST(AsyncQueue, Que01NothingIsLostOrDoubledWhoeverIsCancelled) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        const auto all_there = run_coroutine([&](LoopExecutor home) -> awaitable<bool> {
            constexpr int items = 100;
            std::mt19937 random{seed};
            AsyncQueue<int> queue{3};
            std::vector<int> seen(items, 0);
            auto produce = [&]() -> awaitable<> {
                for (int i = 0; i < items; ++i) {
                    co_await queue.put(i);
                }
                queue.close();
            };
            auto consume = [&]() -> awaitable<> {
                for (;;) {
                    const int item = co_await queue.get();
                    ++seen[static_cast<std::size_t>(item)];
                }
            };
            auto producer = spawn(home, produce());
            std::vector<Task<>> consumers;
            while (!producer.done() || !queue.empty()) {
                consumers.push_back(spawn(home, consume()));
                co_await turns(static_cast<int>(random() % 4));
                if (random() % 2 == 0) {
                    consumers[random() % consumers.size()].cancel();
                }
            }
            for (auto& consumer : consumers) {
                while (!consumer.done()) {
                    co_await yield_now();
                }
                try {
                    consumer.result();
                } catch (const Error&) {  // closed or cancelled
                }
            }
            co_return std::ranges::all_of(seen, [](int times) { return times == 1; });
        });

        EXPECT_TRUE(all_there) << "seed " << seed;
    }
}

}  // namespace
}  // namespace fanfetch
