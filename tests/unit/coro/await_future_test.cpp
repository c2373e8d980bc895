#include "coro/await_future.hpp"

#include "coro/run_in_executor.hpp"
#include "coro/semaphore.hpp"
#include "coro/sleep.hpp"
#include "executor/thread_pool_executor.hpp"
#include "future/errors.hpp"
#include "future/promise.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::run_coroutine;

TEST(RunInExecutor, Brg01TheCallRunsInThePoolAndTheCoroutineOnItsLoop) {
    ThreadPoolExecutor pool{{.max_workers = 1}};
    const auto home_thread = std::this_thread::get_id();
    std::thread::id after;

    const auto worker = run_coroutine([&](LoopExecutor) -> awaitable<std::thread::id> {
        auto where = co_await run_in_executor(pool, &std::this_thread::get_id);
        after = std::this_thread::get_id();
        co_return where;
    });

    EXPECT_NE(worker, home_thread);
    EXPECT_EQ(after, home_thread);
}

TEST(RunInExecutor, Brg01ArgumentsValuesAndExceptionsComeThrough) {
    ThreadPoolExecutor pool{{.max_workers = 1}};
    auto join_words = [](std::string a, const std::string& b) { return a + b; };
    auto make = [] { return std::make_unique<int>(7); };
    auto fail = []() -> void { throw std::domain_error{"no"}; };

    const auto text = run_coroutine([&](LoopExecutor) -> awaitable<std::string> {
        const auto seven = co_await run_in_executor(pool, make);
        const std::string words = co_await run_in_executor(pool, join_words, "a", "b");
        co_return words + std::to_string(*seven);
    });

    EXPECT_EQ(text, "ab7");
    EXPECT_THROW(
        run_coroutine([&](LoopExecutor) -> awaitable<> { co_await run_in_executor(pool, fail); }),
        std::domain_error
    );
}

TEST(AwaitFuture, Brg02ADoneFutureDoesNotSuspend) {
    bool other_ran = false;

    const auto value = run_coroutine([&](LoopExecutor home) -> awaitable<int> {
        boost::asio::post(home, [&] { other_ran = true; });
        const int got = co_await await_future(make_ready(7));
        co_return other_ran ? -1 : got;
    });

    EXPECT_EQ(value, 7);
}

TEST(AwaitFuture, Brg02SeveralCoroutinesMayAwaitOneFuture) {
    Promise<std::string> promise;
    const auto future = promise.get_future();

    const auto both = run_coroutine([&](LoopExecutor home) -> awaitable<std::string> {
        auto one = spawn(home, await_future(future));
        auto two = spawn(home, await_future(future));
        co_await yield_now();
        promise.set_result("x");
        const auto first = co_await one.join();
        co_return first + co_await two.join();
    });

    EXPECT_EQ(both, "xx");
}

TEST(AwaitFuture, Brg02FailuresAndCancellationsComeThrough) {
    const auto failed = make_failed<int>(std::make_exception_ptr(std::domain_error{"no"}));
    Promise<int> promise;
    const auto cancelled = promise.get_future();
    cancelled.cancel();

    EXPECT_THROW(
        run_coroutine([&](LoopExecutor) -> awaitable<int> {
            co_return co_await await_future(failed);
        }),
        std::domain_error
    );
    EXPECT_THROW(
        run_coroutine([&](LoopExecutor) -> awaitable<int> {
            co_return co_await await_future(cancelled);
        }),
        CancelledError
    );
}

TEST(AwaitFuture, Brg03CancellingCancelsAPendingFutureAtOnce) {
    ThreadPoolExecutor pool{{.max_workers = 1}};
    std::latch occupied{1};
    std::latch let_go{1};
    std::atomic<bool> started = false;
    auto occupy = [&] {
        occupied.count_down();
        let_go.wait();
    };
    auto never = [&] { started = true; };

    const auto outcome = run_coroutine([&](LoopExecutor home) -> awaitable<Task<>> {
        const auto blocker = pool.submit(occupy);
        occupied.wait();
        auto task = spawn(home, run_in_executor(pool, never));
        co_await yield_now();
        task.cancel();
        let_go.count_down();  // already too late for the queued call
        co_await await_future(blocker);
        co_await yield_now();
        co_return task;
    });
    pool.shutdown();

    EXPECT_TRUE(outcome.cancelled());
    EXPECT_FALSE(started);
}

TEST(AwaitFuture, Brg03ARunningCallIsLeftAloneAndItsLateFailureIsDroppedQuietly) {
    int reports = 0;
    const auto before = set_error_logger([&](auto, auto&) { ++reports; });
    std::latch running{1};
    std::latch let_go{1};
    bool resumed_while_running = false;
    auto fails_late = [&] {
        running.count_down();
        let_go.wait();
        throw std::domain_error{"late"};
    };
    {
        ThreadPoolExecutor pool{{.max_workers = 1}};
        const auto outcome = run_coroutine([&](LoopExecutor home) -> awaitable<Task<>> {
            auto task = spawn(home, run_in_executor(pool, fails_late));
            co_await yield_now();
            running.wait();
            task.cancel();
            co_await yield_now();
            co_await yield_now();
            resumed_while_running = task.cancelled();
            co_return task;
        });
        let_go.count_down();
    }
    set_error_logger(before);

    EXPECT_TRUE(resumed_while_running);
    EXPECT_EQ(reports, 0);
}

TEST(AwaitFuture, Brg04ACompletionAfterTheLoopIsGoneIsDropped) {
    Promise<std::shared_ptr<int>> promise;
    auto value = std::make_shared<int>(7);
    bool resumed = false;
    auto wait = [&](Future<std::shared_ptr<int>> future) -> awaitable<> {
        co_await await_future(std::move(future));
        resumed = true;
    };
    {
        EventLoop loop;
        spawn(loop.executor(), wait(promise.get_future()));
        loop.run_until_complete(yield_now());
    }

    promise.set_result(value);

    EXPECT_FALSE(resumed);
}

TEST(AwaitFuture, Brg04CompletionsRaceTheEndOfTheLoop) {
    constexpr int rounds = 200;
    ThreadPoolExecutor pool{{.max_workers = 2}};
    std::atomic<int> calls = 0;
    auto call = [&] { ++calls; };

    for (int round = 0; round < rounds; ++round) {
        EventLoop loop;
        for (int i = 0; i < 4; ++i) {
            spawn(loop.executor(), run_in_executor(pool, call));
        }
        loop.run_until_complete(yield_now());
    }
    pool.shutdown();

    EXPECT_LE(calls, 4 * rounds);
}

TEST(AwaitFuture, Gen08ManyThreadsCompleteForOneLoop) {
    ThreadPoolExecutor pool{{.max_workers = 4}};
    auto square = [](int n) { return n * n; };

    const auto sum = run_coroutine([&](LoopExecutor home) -> awaitable<int> {
        std::vector<Task<int>> tasks;
        for (int n = 1; n <= 100; ++n) {
            tasks.push_back(spawn(home, run_in_executor(pool, square, n)));
        }
        int total = 0;
        for (auto& task : tasks) {
            total += co_await task.join();
        }
        co_return total;
    });

    EXPECT_EQ(sum, 338'350);
}

}  // namespace
}  // namespace fanfetch
