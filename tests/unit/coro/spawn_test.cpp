#include "coro/spawn.hpp"

#include "coro/shield.hpp"
#include "coro/sleep.hpp"
#include "future/errors.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::run_coroutine;

awaitable<int> seven() {
    co_return 7;
}

awaitable<int> hang() {
    co_await sleep(std::nullopt);
    co_return 0;
}

awaitable<> turns(int count) {
    for (int i = 0; i < count; ++i) {
        co_await yield_now();
    }
}

TEST(Task, Tsk01SpawnNeverRunsTheBodyInline) {
    std::string trace;
    auto body = [&]() -> awaitable<> {
        trace += "body ";
        co_return;
    };

    run_coroutine([&](LoopExecutor home) -> awaitable<> {
        auto task = spawn(home, body());
        trace += "spawned ";
        co_await task.join();
    });

    EXPECT_EQ(trace, "spawned body ");
}

TEST(Task, Tsk01DroppingTheHandleDoesNotStopTheTask) {
    bool ended = false;
    auto body = [&]() -> awaitable<> {
        co_await turns(3);
        ended = true;
    };

    run_coroutine([&](LoopExecutor home) -> awaitable<> {
        spawn(home, body());
        co_await turns(10);
    });

    EXPECT_TRUE(ended);
}

TEST(Task, Tsk01AnExceptionNobodyRetrievedIsReportedOnce) {
    std::vector<std::string> reports;
    auto log = [&](std::string_view where, const std::exception_ptr&) {
        reports.emplace_back(where);
    };
    const auto before = set_error_logger(log);
    auto fails = []() -> awaitable<> {
        throw std::runtime_error{"unheard"};
        co_return;
    };

    run_coroutine([&](LoopExecutor home) -> awaitable<> {
        spawn(home, fails(), "lonely");
        const auto looked_at = spawn(home, fails(), "seen");
        co_await turns(10);
        (void)looked_at.exception();
    });
    set_error_logger(before);

    EXPECT_EQ(reports, std::vector<std::string>{"task lonely"});
}

TEST(Task, Tsk02JoiningGivesTheValueOrTheException) {
    auto fails = []() -> awaitable<int> {
        co_await yield_now();
        throw std::domain_error{"no"};
    };

    EXPECT_EQ(
        run_coroutine([](LoopExecutor home) -> awaitable<int> {
            auto task = spawn(home, seven());
            co_return co_await task.join();
        }),
        7
    );
    EXPECT_THROW(
        run_coroutine([&](LoopExecutor home) -> awaitable<int> {
            auto task = spawn(home, fails());
            co_return co_await task.join();
        }),
        std::domain_error
    );
}

TEST(Task, Tsk02ADoneTaskDoesNotSuspendAndAllAwaitersGetTheOutcome) {
    bool other_ran = false;

    const auto sum = run_coroutine([&](LoopExecutor home) -> awaitable<int> {
        auto task = spawn(home, seven());
        auto awaiter = [](Task<int> awaited) -> awaitable<int> {
            co_return co_await awaited.join();
        };
        auto one = spawn(home, awaiter(task));
        auto two = spawn(home, awaiter(task));
        int total = co_await one.join();
        total += co_await two.join();
        boost::asio::post(home, [&] { other_ran = true; });
        total += co_await task.join();
        co_return other_ran ? -1 : total;
    });

    EXPECT_EQ(sum, 21);
}

TEST(Task, Tsk02AValueThatCannotBeCopiedIsTaken) {
    auto make = []() -> awaitable<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };

    const auto value = run_coroutine([&](LoopExecutor home) -> awaitable<std::unique_ptr<int>> {
        auto task = spawn(home, make());
        co_return co_await std::move(task).join();
    });

    EXPECT_EQ(*value, 7);
}

TEST(Task, Tsk02AwaitingOneselfThrows) {
    std::optional<Task<>> self;
    auto body = [&]() -> awaitable<> { co_await self->join(); };

    EXPECT_THROW(
        run_coroutine([&](LoopExecutor home) -> awaitable<> {
            self = spawn(home, body());
            co_await self->join();
        }),
        InvalidStateError
    );
}

TEST(Task, Tsk02ATaskOfAnotherLoopCannotBeAwaited) {
    EventLoop other;
    auto task = spawn(other.executor(), hang());

    EXPECT_THROW(
        run_coroutine([&](LoopExecutor) -> awaitable<int> { co_return co_await task.join(); }),
        InvalidStateError
    );
}

TEST(Task, Tsk03CancelIsARequestDeliveredAtTheSuspension) {
    const auto flags = run_coroutine([](LoopExecutor home) -> awaitable<std::vector<bool>> {
        auto task = spawn(home, hang());
        co_await turns(3);
        std::vector<bool> seen;
        seen.push_back(task.cancel());
        seen.push_back(task.cancelled());
        co_await sleep(1ms);
        seen.push_back(task.cancelled());
        seen.push_back(task.cancel());
        co_return seen;
    });

    EXPECT_EQ(flags, (std::vector<bool>{true, false, true, false}));
}

TEST(Task, Tsk03CancelFromAnotherThread) {
    const auto outcome = run_coroutine([](LoopExecutor home) -> awaitable<Task<int>> {
        auto task = spawn(home, hang());
        co_await turns(3);
        std::thread other{[&] { task.cancel(); }};
        other.join();
        while (!task.done()) {
            co_await yield_now();
        }
        co_return task;
    });

    EXPECT_TRUE(outcome.cancelled());
}

TEST(Task, Tsk03CancelAfterTheLoopIsGoneTouchesNothing) {
    auto loop = std::make_unique<EventLoop>();
    auto task = spawn(loop->executor(), hang());
    loop->run_until_complete(turns(3));
    loop.reset();

    EXPECT_FALSE(task.cancel());
    EXPECT_FALSE(task.done());
}

TEST(Task, Tsk04CancelledBeforeItsFirstStepTheBodyNeverStarts) {
    bool started = false;
    auto body = [&]() -> awaitable<> {
        started = true;
        co_return;
    };

    const auto outcome = run_coroutine([&](LoopExecutor home) -> awaitable<Task<>> {
        auto task = spawn(home, body());
        task.cancel();
        co_await turns(5);
        co_return task;
    });

    EXPECT_FALSE(started);
    EXPECT_TRUE(outcome.cancelled());
}

TEST(Task, Tsk05ABodyThatCatchesTheRequestIsFinishedOrFailed) {
    auto returns = []() -> awaitable<int> {
        try {
            co_await sleep(std::nullopt);
        } catch (const CancelledError&) {
        }
        co_return 7;
    };
    auto throws = []() -> awaitable<int> {
        try {
            co_await sleep(std::nullopt);
        } catch (const CancelledError&) {
            throw std::domain_error{"mine"};
        }
        co_return 0;
    };

    const auto tasks = run_coroutine([&](LoopExecutor home) -> awaitable<std::vector<Task<int>>> {
        std::vector<Task<int>> made;
        made.push_back(spawn(home, returns()));
        made.push_back(spawn(home, throws()));
        co_await turns(3);
        for (auto& task : made) {
            task.cancel();
        }
        co_await sleep(1ms);
        co_return made;
    });

    EXPECT_FALSE(tasks[0].cancelled());
    EXPECT_EQ(tasks[0].result(), 7);
    EXPECT_FALSE(tasks[1].cancelled());
    EXPECT_THROW(tasks[1].result(), std::domain_error);
}

TEST(Task, Tsk06ARequestNeverDeliveredMakesTheTaskCancelled) {
    std::optional<Task<int>> self;
    auto cancels_itself = [&]() -> awaitable<int> {
        self->cancel();
        co_return 12;
    };

    const auto outcome = run_coroutine([&](LoopExecutor home) -> awaitable<Task<int>> {
        self = spawn(home, cancels_itself());
        co_await turns(5);
        co_return *self;
    });
    self.reset();

    EXPECT_TRUE(outcome.cancelled());
}

TEST(Task, Tsk07CancellingATaskCancelsWhatItAwaits) {
    const auto inner_cancelled = run_coroutine([](LoopExecutor home) -> awaitable<bool> {
        auto inner = spawn(home, hang());
        auto awaiter = [](Task<int> awaited) -> awaitable<int> {
            co_return co_await awaited.join();
        };
        auto outer = spawn(home, awaiter(inner));
        co_await turns(5);
        outer.cancel();
        co_await sleep(1ms);
        co_return inner.cancelled() && outer.cancelled();
    });

    EXPECT_TRUE(inner_cancelled);
}

TEST(Task, Tsk09AnAbortedOperationIsNotCancellation) {
    const auto outcome = run_coroutine([](LoopExecutor home) -> awaitable<Task<>> {
        boost::asio::steady_timer timer{home, 1h};
        auto body = [&]() -> awaitable<> {
            co_await timer.async_wait(boost::asio::use_awaitable_t<LoopExecutor>{});
        };
        auto task = spawn(home, body());
        co_await turns(3);
        timer.cancel();  // by somebody else: nobody asked the task to stop
        co_await turns(3);
        co_return task;
    });

    EXPECT_FALSE(outcome.cancelled());
    EXPECT_THROW(outcome.result(), boost::system::system_error);
}

TEST(Task, Tsk09TheSameAfterARequestIsCancelledError) {
    const auto outcome = run_coroutine([](LoopExecutor home) -> awaitable<Task<>> {
        boost::asio::steady_timer timer{home, 1h};
        auto body = [&]() -> awaitable<> {
            co_await timer.async_wait(boost::asio::use_awaitable_t<LoopExecutor>{});
        };
        auto task = spawn(home, body());
        co_await turns(3);
        task.cancel();
        co_await turns(3);
        co_return task;
    });

    EXPECT_TRUE(outcome.cancelled());
    EXPECT_THROW(outcome.result(), CancelledError);
}

TEST(Shield, Shl01CancellingTheAwaiterLeavesTheTaskRunning) {
    bool inner_done_at_once = true;

    const auto value = run_coroutine([&](LoopExecutor home) -> awaitable<int> {
        auto slow = []() -> awaitable<int> {
            co_await turns(20);
            co_return 7;
        };
        auto inner = spawn(home, slow());
        auto awaiter = [](Task<int> awaited) -> awaitable<int> {
            co_return co_await shield(awaited);
        };
        auto outer = spawn(home, awaiter(inner));
        co_await turns(3);
        outer.cancel();
        co_await turns(3);
        inner_done_at_once = inner.done() || !outer.cancelled();
        co_return co_await inner.join();
    });

    EXPECT_FALSE(inner_done_at_once);
    EXPECT_EQ(value, 7);
}

TEST(Shield, Shl01TheOutcomeComesThroughItsCancellationIncluded) {
    const auto value = run_coroutine([](LoopExecutor home) -> awaitable<int> {
        auto inner = spawn(home, hang());
        inner.cancel();
        const int got = co_await shield(seven());
        try {
            co_await shield(inner);
        } catch (const CancelledError&) {
            co_return got;
        }
        co_return -1;
    });

    EXPECT_EQ(value, 7);
}

TEST(WithCleanup, RunsInFullAlthoughTheCallerWasCancelled) {
    std::string trace;
    auto work = [&]() -> awaitable<> { co_await sleep(std::nullopt); };
    auto clean_up = [&]() -> awaitable<> {
        trace += "begun ";
        co_await turns(5);
        trace += "done";
    };
    auto owner = [&]() -> awaitable<> { co_await with_cleanup(work, 1h, clean_up); };

    const auto outcome = run_coroutine([&](LoopExecutor home) -> awaitable<Task<>> {
        auto task = spawn(home, owner());
        co_await turns(3);
        task.cancel();
        co_await turns(3);
        task.cancel();  // impatience does not help
        while (!task.done()) {
            co_await yield_now();
        }
        co_return task;
    });

    EXPECT_EQ(trace, "begun done");
    EXPECT_TRUE(outcome.cancelled());
}

TEST(WithCleanup, HasALimitOfItsOwn) {
    auto work = []() -> awaitable<int> { co_return 1; };
    auto clean_up = []() -> awaitable<> { co_await sleep(std::nullopt); };

    EXPECT_THROW(
        run_coroutine([&](LoopExecutor) -> awaitable<int> {
            co_return co_await with_cleanup(work, 1ms, clean_up);
        }),
        TimeoutError
    );
}

}  // namespace
}  // namespace fanfetch
