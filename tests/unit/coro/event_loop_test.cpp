#include "coro/event_loop.hpp"

#include "coro/sleep.hpp"
#include "coro/spawn_threadsafe.hpp"
#include "executor/off_loop.hpp"
#include "future/errors.hpp"
#include "future/promise.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>
#include <boost/asio/this_coro.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

awaitable<int> seven() {
    co_return 7;
}

awaitable<> broken() {
    throw std::runtime_error{"broken"};
    co_return;
}

/// Collects what goes to the error logger while it lives.
class LoggedErrors {
public:
    LoggedErrors() {
        auto log = [this](std::string_view where, const std::exception_ptr& error) {
            lines.push_back(std::string{where} + ": " + describe(error));
        };
        before_ = set_error_logger(log);
    }
    ~LoggedErrors() { set_error_logger(before_); }

    std::vector<std::string> lines;

private:
    ErrorLogger before_;
};

TEST(EventLoop, Lop01RunUntilCompleteGivesTheValueOrTheException) {
    EventLoop loop;

    EXPECT_EQ(loop.run_until_complete(seven()), 7);
    EXPECT_THROW(loop.run_until_complete(broken()), std::runtime_error);
    EXPECT_EQ(loop.run_until_complete(seven()), 7) << "the loop can be run again";
}

TEST(EventLoop, Lop01RunUntilCompleteLeavesOtherTasksWhereTheyAre) {
    EventLoop loop;
    auto other = spawn(loop.executor(), sleep(std::nullopt));

    loop.run_until_complete(seven());

    EXPECT_FALSE(other.done());
}

TEST(EventLoop, Lop01RunCancelsAndAwaitsTasksLeftOver) {
    bool unwound = false;
    auto lingers = [&]() -> awaitable<> {
        const auto mark = std::shared_ptr<void>{nullptr, [&](void*) { unwound = true; }};
        co_await sleep(std::nullopt);
    };
    auto body = [&](LoopExecutor home) -> awaitable<Task<>> {
        auto task = spawn(home, lingers());
        co_await yield_now();
        co_return task;
    };
    EventLoop loop;

    const auto left_over = loop.run(body(loop.executor()));

    EXPECT_TRUE(left_over.cancelled());
    EXPECT_TRUE(unwound);
}

TEST(EventLoop, Lop01ATaskLeftOverMayHaveBeenCancelledAlready) {
    int ended = 0;
    auto ends_at_once = [&]() -> awaitable<> {
        const auto mark = std::shared_ptr<void>{nullptr, [&](void*) { ++ended; }};
        co_await sleep(std::nullopt);
    };
    auto takes_its_time = [&]() -> awaitable<> {
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        for (int turn = 0; turn < 10; ++turn) {
            try {
                co_await yield_now();
            } catch (const CancelledError&) {  // asked in every turn
            }
        }
        ++ended;
    };
    auto body = [&](LoopExecutor home) -> awaitable<> {
        auto first = spawn(home, ends_at_once());
        spawn(home, takes_its_time());
        co_await yield_now();
        first.cancel();
    };
    EventLoop loop;

    loop.run(body(loop.executor()));

    EXPECT_EQ(ended, 2);
}

TEST(EventLoop, Lop01RunReportsErrorsOfTasksLeftOver) {
    LoggedErrors logged;
    auto fails_late = []() -> awaitable<> {
        try {
            co_await sleep(std::nullopt);
        } catch (const CancelledError&) {
            throw std::runtime_error{"clean-up failed"};
        }
    };
    auto body = [&](LoopExecutor home) -> awaitable<> {
        spawn(home, fails_late(), "janitor");
        co_await yield_now();
    };
    EventLoop loop;

    loop.run(body(loop.executor()));

    EXPECT_EQ(
        logged.lines, std::vector<std::string>{"task janitor: std::runtime_error: clean-up failed"}
    );
}

TEST(EventLoop, Lop01NestedRunsThrow) {
    EventLoop loop;
    auto nested = [&]() -> awaitable<> {
        loop.run_until_complete(seven());
        co_return;
    };

    EXPECT_THROW(loop.run_until_complete(nested()), InvalidStateError);
    loop.start();
    EXPECT_THROW(loop.start(), InvalidStateError);
    loop.stop();
    loop.join();
}

TEST(EventLoop, Lop02PostIsFirstInFirstOutAndNeverInline) {
    EventLoop loop;
    std::string order;
    auto body = [&]() -> awaitable<> {
        loop.post([&] { order += 'a'; });
        loop.post([&] { order += 'b'; });
        order += '-';
        co_await yield_now();
    };

    loop.run_until_complete(body());

    EXPECT_EQ(order, "-ab");
}

TEST(EventLoop, Lop02PostFromAnotherThreadWakesAnIdleLoop) {
    EventLoop loop;
    loop.start();
    Promise<std::thread::id> ran;
    const auto where = ran.get_future();

    loop.post([&] { ran.set_result(std::this_thread::get_id()); });

    EXPECT_NE(where.result(10s), std::this_thread::get_id());
    loop.stop();
    loop.join();
}

TEST(EventLoop, Lop03AThrowingCallGoesToTheErrorLoggerAndTheLoopLivesOn) {
    LoggedErrors logged;
    EventLoop loop{"shard 3"};
    loop.post([] { throw std::runtime_error{"oops"}; });

    EXPECT_EQ(loop.run_until_complete(seven()), 7);

    EXPECT_EQ(
        logged.lines,
        std::vector<std::string>{"a call posted to loop shard 3: std::runtime_error: oops"}
    );
}

TEST(EventLoop, StopLetsWorkUnderWayEnd) {
    EventLoop loop;
    loop.start();
    auto steps = [](int n) -> awaitable<int> {
        for (int i = 0; i < n; ++i) {
            co_await yield_now();
        }
        co_return n;
    };

    const auto count = spawn_threadsafe(loop.executor(), steps(1000));
    loop.stop();
    loop.join();

    ASSERT_TRUE(count.done());
    EXPECT_EQ(count.result(), 1000);
}

TEST(EventLoop, MarksItsThreadAndNamesIt) {
    EventLoop loop{"a-name-longer-than-the-kernel-keeps"};
    loop.start();
    Promise<bool> marked;
    Promise<std::string> named;
    const auto is_marked = marked.get_future();
    const auto name = named.get_future();

    loop.post([&] {
        marked.set_result(LoopThreadMark::on_loop_thread());
        char text[16] = {};
        pthread_getname_np(pthread_self(), text, sizeof text);
        named.set_result(std::string{text});
    });

    EXPECT_TRUE(is_marked.result(10s));
    EXPECT_EQ(name.result(10s), "a-name-longer-t");
    EXPECT_FALSE(LoopThreadMark::on_loop_thread());
    loop.stop();
    loop.join();
}

TEST(EventLoop, Gen09DestroyingALoopUnwindsWhatIsSuspendedOnIt) {
    auto watched = std::make_shared<int>(0);
    auto hangs = [](std::shared_ptr<int> held, LoopExecutor home) -> awaitable<> {
        auto inner = spawn(home, sleep(std::nullopt));
        co_await inner.join();
        *held = 1;
    };
    {
        EventLoop loop;
        spawn(loop.executor(), hangs(watched, loop.executor()));
        loop.run_until_complete(yield_now());
        EXPECT_EQ(watched.use_count(), 2);
    }

    EXPECT_EQ(watched.use_count(), 1) << "the frame is gone";
    EXPECT_EQ(*watched, 0) << "and was not resumed";
}

}  // namespace
}  // namespace fanfetch
