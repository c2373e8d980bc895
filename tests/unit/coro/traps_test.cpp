// The traps of GCC 12 and Boost 1.81 that concern coroutines, each with what keeps us out of it.

#include "coro/event_loop.hpp"
#include "coro/gather.hpp"
#include "coro/shield.hpp"
#include "coro/sleep.hpp"
#include "coro/spawn.hpp"
#include "coro/task_group.hpp"
#include "coro/with_timeout.hpp"
#include "future/errors.hpp"
#include "future/promise.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::run_coroutine;

template <class Body>
concept RunsUnderTimeout = requires(Body&& body) { with_timeout(1s, std::forward<Body>(body)); };
template <class Body>
concept RunsInGroup = requires(Body&& body) { with_task_group(std::forward<Body>(body)); };
template <class Body>
concept RunsWithCleanup =
    requires(Body&& body) { with_cleanup(std::forward<Body>(body), 1s, std::forward<Body>(body)); };

TEST(Traps, Trp01And02OnlyACallableWithANameCanBeRun) {
    // A temporary's captures would be destroyed twice by GCC 12, and not outlive the coroutine.
    auto named = [held = std::string{}]() -> awaitable<> { co_return; };
    using Named = decltype(named);

    static_assert(RunsUnderTimeout<Named&> && !RunsUnderTimeout<Named>);
    static_assert(RunsInGroup<Named&> && !RunsInGroup<Named>);
    static_assert(RunsWithCleanup<Named&> && !RunsWithCleanup<Named>);
}

/// Counts its copies, for captures.
class Counted {
public:
    explicit Counted(int& live) : live_{live} { ++live_; }
    Counted(const Counted& other) : live_{other.live_} { ++live_; }
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --live_; }

private:
    int& live_;
};

TEST(Traps, Trp01TheCapturesOfANamedBodyAreDestroyedOnce) {
    int live = 0;

    run_coroutine([&](LoopExecutor) -> awaitable<> {
        auto body = [counted = Counted{live}]() -> awaitable<> { co_await yield_now(); };
        co_await with_timeout(1h, body);
        co_await with_task_group(body);
        co_await with_cleanup(body, 1h, body);
    });

    EXPECT_EQ(live, 0);
}

TEST(Traps, Trp04TheRequestIsOneThatCoSpawnHears) {
    // The trap itself: `total` is ignored by a coroutine that has not asked for it.
    const auto heard_total = run_coroutine([](LoopExecutor home) -> awaitable<bool> {
        boost::asio::cancellation_signal signal;
        bool ended = false;
        auto done = [&](const std::exception_ptr&) { ended = true; };
        boost::asio::co_spawn(
            home, sleep(std::nullopt), boost::asio::bind_cancellation_slot(signal.slot(), done)
        );
        co_await yield_now();
        signal.emit(boost::asio::cancellation_type::total);
        co_await sleep(1ms);
        const bool heard = ended;
        signal.emit(boost::asio::cancellation_type::terminal);
        while (!ended) {
            co_await yield_now();
        }
        co_return heard;
    });
    const auto ours = run_coroutine([](LoopExecutor home) -> awaitable<Task<>> {
        auto task = spawn(home, sleep(std::nullopt));
        co_await sleep(1ms);
        task.cancel();
        co_await sleep(1ms);
        co_return task;
    });

    EXPECT_FALSE(heard_total);
    EXPECT_TRUE(ours.cancelled());
}

TEST(Traps, Trp05AScopeThatCancelledItsBodyLeavesTheCallerAbleToAwait) {
    const auto turns_after = run_coroutine([](LoopExecutor) -> awaitable<int> {
        auto hang = []() -> awaitable<> { co_await sleep(std::nullopt); };
        auto fail = [&](TaskGroup& group) -> awaitable<> {
            group.spawn(hang());
            throw std::domain_error{"no"};
            co_return;
        };
        int turns = 0;
        try {
            co_await with_timeout(1ms, hang);
        } catch (const TimeoutError&) {
        }
        co_await yield_now();
        ++turns;
        try {
            co_await with_task_group(fail);
        } catch (const ExceptionGroup&) {
        }
        co_await yield_now();
        ++turns;
        co_return turns;
    });

    EXPECT_EQ(turns_after, 2);
}

TEST(Traps, Trp05ARequestMadeInTheLastStepDoesNotLoseTheCompletion) {
    // co_spawn awaits once more after a body that never suspended; with a request pending that
    // await would throw past the completion handler, out of the loop, and the scope would hang.
    const auto value = run_coroutine([](LoopExecutor home) -> awaitable<int> {
        std::optional<Task<int>> self;
        auto body = [&]() -> awaitable<int> {
            self->cancel();
            co_return 7;
        };
        auto owner = [&]() -> awaitable<int> { co_return co_await with_timeout(1h, body); };
        self = spawn(home, owner());
        while (!self->done()) {
            co_await yield_now();
        }
        const int got = self->cancelled() ? 1 : 2;
        self.reset();
        co_return got;
    });

    EXPECT_GT(value, 0);
}

TEST(Traps, Trp06CancellingFromOtherThreadsGoesThroughTheLoop) {
    // Emitting here, next to the running loop, is the race that ThreadSanitizer would show.
    constexpr int rounds = 20;
    EventLoop loop;
    loop.start();
    auto body = []() -> awaitable<> {
        for (;;) {
            co_await yield_now();
        }
    };
    int cancelled = 0;

    for (int round = 0; round < rounds; ++round) {
        Promise<Task<>> made;
        const auto task = made.get_future();
        loop.post([&] { made.set_result(spawn(loop.executor(), body())); });
        task.result().cancel();
        while (!task.result().done()) {
            std::this_thread::yield();
        }
        cancelled += static_cast<int>(task.result().cancelled());
    }
    loop.stop();
    loop.join();

    EXPECT_EQ(cancelled, rounds);
}

TEST(Traps, Trp06TheSignalOutlivesTheCompletionHandler) {
    // The handler resumes the owner, whose frame holds the signal; AddressSanitizer watches.
    run_coroutine([](LoopExecutor) -> awaitable<> {
        for (int i = 0; i < 10; ++i) {
            auto body = []() -> awaitable<int> {
                co_await yield_now();
                co_return 1;
            };
            auto hang = []() -> awaitable<> { co_await sleep(std::nullopt); };
            (void)co_await with_timeout(1h, body);
            try {
                co_await with_timeout(0s, hang);
            } catch (const TimeoutError&) {
            }
        }
    });
}

template <class Where>
concept Spawns = requires(Where where, awaitable<> body) {
    boost::asio::co_spawn(where, std::move(body), [](const std::exception_ptr&) {});
};

TEST(Traps, Trp08APackagedTaskKeepsItsFuture) {
    // For Asio it is a completion token, whose future Asio takes.
    EventLoop loop;
    std::packaged_task<int()> task{[] { return 7; }};
    auto result = task.get_future();

    loop.post(std::move(task));
    auto turn = []() -> awaitable<> { co_await yield_now(); };
    loop.run_until_complete(turn());

    EXPECT_EQ(result.get(), 7);
}

TEST(Traps, Trp11OurCoroutinesRunOnLoopsOnly) {
    static_assert(Spawns<LoopExecutor>);
    static_assert(!Spawns<boost::asio::strand<LoopExecutor>>);
    static_assert(std::is_same_v<awaitable<>::executor_type, LoopExecutor>);
}

}  // namespace
}  // namespace fanfetch
