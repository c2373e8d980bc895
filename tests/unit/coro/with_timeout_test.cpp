#include "coro/with_timeout.hpp"

#include "coro/sleep.hpp"
#include "coro/spawn.hpp"
#include "future/errors.hpp"
#include "future/promise.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

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

TEST(WithTimeout, Tmo01ExpiryBecomesTimeoutErrorWhenTheBodyHasEnded) {
    bool unwound = false;
    const auto start = Steady::now();

    EXPECT_THROW(
        run_coroutine([&](LoopExecutor) -> awaitable<> {
            auto body = [&]() -> awaitable<> {
                const auto mark = std::shared_ptr<void>{nullptr, [&](void*) { unwound = true; }};
                co_await sleep(std::nullopt);
            };
            co_await with_timeout(20ms, body);
        }),
        TimeoutError
    );

    EXPECT_TRUE(unwound);
    EXPECT_GE(Steady::now() - start, 20ms);
}

TEST(WithTimeout, Tmo01AZeroLimitPassesAtTheFirstSuspension) {
    std::string trace;

    EXPECT_THROW(
        run_coroutine([&](LoopExecutor) -> awaitable<> {
            auto body = [&]() -> awaitable<> {
                trace += "started ";
                co_await sleep(std::nullopt);
                trace += "never";
            };
            co_await with_timeout(0ms, body);
        }),
        TimeoutError
    );

    EXPECT_EQ(trace, "started ");
}

TEST(WithTimeout, Tmo01ABodyThatNeverSuspendsBeatsAZeroLimit) {
    const auto value = run_coroutine([](LoopExecutor) -> awaitable<int> {
        co_return co_await with_timeout(-1s, seven);
    });

    EXPECT_EQ(value, 7);
}

TEST(WithTimeout, Tmo01WithoutALimitItNeverPasses) {
    const auto value = run_coroutine([](LoopExecutor) -> awaitable<int> {
        auto body = []() -> awaitable<int> {
            co_await sleep(1ms);
            co_return 7;
        };
        co_return co_await with_timeout(std::nullopt, body);
    });

    EXPECT_EQ(value, 7);
}

TEST(WithTimeout, Gen02TheLongestDurationsDoNotWrapRound) {
    const auto value = run_coroutine([](LoopExecutor) -> awaitable<int> {
        auto body = []() -> awaitable<int> {
            co_await sleep(3 * DeadlineWheel::resolution);
            co_return 7;
        };
        co_return co_await with_timeout(std::chrono::hours::max(), body);
    });

    EXPECT_EQ(value, 7);
}

TEST(WithTimeout, Tmo02AnOutsideCancelStaysCancelledError) {
    const auto outcome = run_coroutine([](LoopExecutor home) -> awaitable<Task<int>> {
        auto limited = []() -> awaitable<int> { co_return co_await with_timeout(1h, hang); };
        auto task = spawn(home, limited());
        co_await yield_now();
        co_await yield_now();
        task.cancel();
        co_await yield_now();
        co_await sleep(1ms);
        co_return task;
    });

    EXPECT_TRUE(outcome.cancelled());
}

TEST(WithTimeout, Tmo02OtherExceptionsPassUnchanged) {
    EXPECT_THROW(
        run_coroutine([](LoopExecutor) -> awaitable<> {
            auto body = []() -> awaitable<> {
                try {
                    co_await sleep(std::nullopt);
                } catch (const CancelledError&) {
                    throw std::domain_error{"mine"};
                }
            };
            co_await with_timeout(0ms, body);
        }),
        std::domain_error
    );
}

TEST(WithTimeout, Tmo02ABodyThatSwallowsTheRequestGivesItsValue) {
    bool expired = false;

    const auto value = run_coroutine([&](LoopExecutor) -> awaitable<int> {
        auto body = [&](TimeoutScope& scope) -> awaitable<int> {
            try {
                co_await sleep(std::nullopt);
            } catch (const CancelledError&) {
                expired = scope.expired();
            }
            co_return 7;
        };
        co_return co_await with_timeout(1ms, body);
    });

    EXPECT_EQ(value, 7);
    EXPECT_TRUE(expired);
}

/// Nests two limits and tells which of them reported.
std::string nested(TimeLimit outer_limit, TimeLimit inner_limit) {
    return run_coroutine([&](LoopExecutor) -> awaitable<std::string> {
        auto inner = [&]() -> awaitable<std::string> {
            try {
                co_await with_timeout(inner_limit, hang);
            } catch (const TimeoutError&) {
                co_return "inner";
            }
            co_return "none";
        };
        try {
            co_return co_await with_timeout(outer_limit, inner);
        } catch (const TimeoutError&) {
            co_return "outer";
        }
    });
}

TEST(WithTimeout, Tmo03TheScopeThatExpiredReports) {
    EXPECT_EQ(nested(1h, 1ms), "inner");
    EXPECT_EQ(nested(1ms, 1h), "outer");
}

TEST(WithTimeout, Tmo03IfBothExpiredTheOuterReports) {
    EXPECT_EQ(nested(0ms, 0ms), "outer");
}

TEST(WithTimeout, Tmo03TheCallerMayAwaitNormallyAfterwards) {
    const auto value = run_coroutine([](LoopExecutor) -> awaitable<int> {
        try {
            co_await with_timeout(1ms, hang);
        } catch (const TimeoutError&) {
        }
        co_await sleep(1ms);
        co_return co_await seven();
    });

    EXPECT_EQ(value, 7);
}

TEST(WithTimeout, Tmo04ALimitCanBeMovedWhileActive) {
    const auto value = run_coroutine([](LoopExecutor) -> awaitable<int> {
        auto body = [](TimeoutScope& scope) -> awaitable<int> {
            scope.reschedule(std::nullopt);
            co_await sleep(3 * DeadlineWheel::resolution);
            scope.reschedule(Steady::now());
            try {
                co_await sleep(std::nullopt);
            } catch (const CancelledError&) {
                co_return 1;
            } catch (const boost::system::system_error&) {
                co_return 2;  // thrown by the await itself, before sleep began
            }
            co_return 0;
        };
        co_return co_await with_timeout(1ms, body);
    });

    EXPECT_EQ(value, 2);
}

TEST(WithTimeout, Tmo04MovingALimitThatHasPassedThrows) {
    EXPECT_THROW(
        run_coroutine([](LoopExecutor) -> awaitable<> {
            auto body = [](TimeoutScope& scope) -> awaitable<> {
                try {
                    co_await sleep(std::nullopt);
                } catch (const CancelledError&) {
                    scope.reschedule(Steady::now() + 1h);
                }
            };
            co_await with_timeout(1ms, body);
        }),
        InvalidStateError
    );
}

TEST(WaitFor, Tmo05WaitsUntilTheCancelledOperationHasEnded) {
    std::string trace;

    EXPECT_THROW(
        run_coroutine([&](LoopExecutor) -> awaitable<> {
            auto stubborn = [&](LoopExecutor home) -> awaitable<> {
                auto cleaning_up = spawn(home, sleep(20ms));
                try {
                    co_await sleep(std::nullopt);
                } catch (const CancelledError&) {
                    trace += "asked ";
                }
                co_await boost::asio::this_coro::reset_cancellation_state();
                co_await cleaning_up.join();
                trace += "ended ";
                throw CancelledError{};
            };
            auto work = stubborn(co_await boost::asio::this_coro::executor);
            co_await wait_for(std::move(work), 1ms);
        }),
        TimeoutError
    );

    EXPECT_EQ(trace, "asked ended ");
}

TEST(WaitFor, Tmo05WithNoTimeLeftTheBodyIsNotStarted) {
    bool started = false;
    auto body = [&]() -> awaitable<> {
        started = true;
        co_return;
    };

    EXPECT_THROW(
        run_coroutine([&](LoopExecutor) -> awaitable<> { co_await wait_for(body(), 0s); }),
        TimeoutError
    );

    EXPECT_FALSE(started);
}

TEST(WaitFor, Tmo05SomethingDoneIsGivenWhateverTheLimit) {
    const auto sum = run_coroutine([](LoopExecutor home) -> awaitable<int> {
        auto task = spawn(home, seven());
        const int first = co_await task.join();
        const int again = co_await wait_for(task, -1s);
        const int ready = co_await wait_for(make_ready(7), 0s);
        co_return first + again + ready;
    });

    EXPECT_EQ(sum, 21);
}

TEST(WaitFor, Tmo05ATaskThatIsLateIsCancelled) {
    const auto late = run_coroutine([](LoopExecutor home) -> awaitable<Task<int>> {
        auto task = spawn(home, hang());
        try {
            co_await wait_for(task, 1ms);
        } catch (const TimeoutError&) {
        }
        co_return task;
    });

    EXPECT_TRUE(late.cancelled());
}

template <class Body>
concept RunsUnderTimeout = requires(Body&& body) { with_timeout(1s, std::forward<Body>(body)); };

TEST(WithTimeout, Trp01ALambdaWithoutANameDoesNotCompile) {
    auto lambda = [held = std::string{}]() -> awaitable<> { co_return; };

    static_assert(RunsUnderTimeout<decltype(lambda)&>);
    static_assert(!RunsUnderTimeout<decltype(lambda)>);
    static_assert(!RunsUnderTimeout<const decltype(lambda)>);
}

}  // namespace
}  // namespace fanfetch
