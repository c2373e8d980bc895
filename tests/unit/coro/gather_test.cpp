#include "coro/gather.hpp"

#include "coro/semaphore.hpp"
#include "coro/sleep.hpp"
#include "coro/with_timeout.hpp"
#include "future/errors.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::run_coroutine;

awaitable<int> after(int turns, int value) {
    for (int i = 0; i < turns; ++i) {
        co_await yield_now();
    }
    co_return value;
}

awaitable<int> fails_after(int turns) {
    (void)co_await after(turns, 0);
    throw std::domain_error{"no"};
}

awaitable<int> hang() {
    co_await sleep(std::nullopt);
    co_return 0;
}

TEST(Gather, Gth01ValuesComeInArgumentOrder) {
    const auto values = run_coroutine([](LoopExecutor) -> awaitable<std::vector<int>> {
        std::vector<awaitable<int>> work;
        for (int i = 0; i < 5; ++i) {
            work.push_back(after(5 - i, i));
        }
        co_return co_await gather(std::move(work));
    });

    EXPECT_EQ(values, (std::vector{0, 1, 2, 3, 4}));
}

TEST(Gather, Gth01SeveralTypesGiveATuple) {
    auto text = []() -> awaitable<std::string> { co_return "text"; };
    auto nothing = []() -> awaitable<> { co_await yield_now(); };

    const auto values = run_coroutine([&](LoopExecutor) -> awaitable<std::tuple<int, std::string>> {
        auto [number, word, none] = co_await gather(after(3, 7), text(), nothing());
        static_assert(std::is_same_v<decltype(none), std::monostate>);
        co_return std::tuple{number, word};
    });

    EXPECT_EQ(values, (std::tuple{7, std::string{"text"}}));
}

TEST(Gather, Gth01NothingGivesNothingAndATaskMayAppearTwice) {
    const auto sizes = run_coroutine([](LoopExecutor home) -> awaitable<std::vector<int>> {
        std::vector<awaitable<int>> none;
        const auto empty = co_await gather(std::move(none));
        const auto task = spawn(home, after(2, 7));
        const std::vector twice{task, task};
        auto values = co_await gather(twice);
        values.push_back(static_cast<int>(empty.size()));
        co_return values;
    });

    EXPECT_EQ(sizes, (std::vector{7, 7, 0}));
}

TEST(Gather, Gth02TheFirstFailureIsThrownAtOnceAndTheSiblingsRunOn) {
    int reports = 0;
    const auto before = set_error_logger([&](auto, auto&) { ++reports; });
    bool sibling_done_at_failure = true;

    const auto sibling_value = run_coroutine([&](LoopExecutor home) -> awaitable<int> {
        auto sibling = spawn(home, after(30, 7));
        try {
            (void)co_await gather(fails_after(2), sibling, fails_after(10));
        } catch (const std::domain_error&) {
            sibling_done_at_failure = sibling.done();
        }
        co_return co_await sibling.join();
    });
    set_error_logger(before);

    EXPECT_FALSE(sibling_done_at_failure);
    EXPECT_EQ(sibling_value, 7);
    EXPECT_EQ(reports, 0) << "the failure that came later is not reported";
}

TEST(Gather, Gth02SiblingsMayOutliveTheLambdaThatMadeThem) {
    auto ended = std::make_shared<int>(0);

    run_coroutine([&](LoopExecutor) -> awaitable<> {
        try {
            auto one = [ended](int n) -> awaitable<int> {
                (void)co_await after(n * 5, 0);
                ++*ended;  // through the capture, which lives in the view
                if (n == 0) {
                    throw std::domain_error{"first"};
                }
                co_return n;
            };
            auto numbers = std::views::iota(0, 4);
            (void)co_await gather(numbers | std::views::transform(std::move(one)));
        } catch (const std::domain_error&) {
        }
        (void)co_await after(40, 0);
    });

    EXPECT_EQ(*ended, 4);
    EXPECT_EQ(ended.use_count(), 1);
}

TEST(Gather, Gth03ReturnExceptionsWaitsForAll) {
    const auto results =
        run_coroutine([](LoopExecutor home) -> awaitable<std::vector<Result<int>>> {
            auto cancelled = spawn(home, hang());
            cancelled.cancel();
            const std::vector tasks{
                spawn(home, after(5, 7)), spawn(home, fails_after(1)), cancelled};
            co_return co_await gather(tasks, return_exceptions);
        });

    ASSERT_EQ(results.size(), 3U);
    EXPECT_EQ(results[0].value(), 7);
    EXPECT_TRUE(results[1].failed());
    EXPECT_THROW(results[1].value(), std::domain_error);
    EXPECT_TRUE(results[2].cancelled());
}

TEST(Gather, Gth04CancellingCancelsTheChildrenAndEndsAfterThem) {
    int unwound = 0;
    auto child = [&]() -> awaitable<int> {
        const auto mark = std::shared_ptr<void>{nullptr, [&](void*) { ++unwound; }};
        co_return co_await hang();
    };
    auto plain = [&]() -> awaitable<int> {
        auto [a, b] = co_await gather(child(), child());
        co_return a + b;
    };
    auto with_results = [&]() -> awaitable<int> {
        (void)co_await gather(return_exceptions, child(), child());
        co_return 0;
    };

    const auto cancelled = run_coroutine([&](LoopExecutor home) -> awaitable<int> {
        int count = 0;
        for (auto task : {spawn(home, plain()), spawn(home, with_results())}) {
            (void)co_await after(5, 0);
            task.cancel();
            co_await sleep(1ms);
            count += static_cast<int>(task.cancelled());
        }
        co_return count;
    });

    EXPECT_EQ(cancelled, 2);
    EXPECT_EQ(unwound, 4);
}

TEST(Gather, Gth05AChildCancelledOnItsOwnFailsTheGatherOnly) {
    const auto value = run_coroutine([](LoopExecutor home) -> awaitable<int> {
        auto alone = spawn(home, hang());
        auto sibling = spawn(home, after(20, 7));
        auto both = [](Task<int> a, Task<int> b) -> awaitable<int> {
            auto [x, y] = co_await gather(a, b);
            co_return x + y;
        };
        auto gathering = spawn(home, both(alone, sibling));
        (void)co_await after(3, 0);
        alone.cancel();
        bool failed = false;
        try {
            (void)co_await gathering.join();
        } catch (const CancelledError&) {
            failed = true;
        }
        const int late = co_await sibling.join();
        co_return failed ? late : -1;
    });

    EXPECT_EQ(value, 7);
}

TEST(Gather, TheExampleOfBoundedConcurrency) {
    std::size_t running = 0;
    std::size_t most = 0;

    const auto pages = run_coroutine([&](LoopExecutor) -> awaitable<std::vector<Result<int>>> {
        Semaphore slots{3};
        auto fetch = [&](int n) -> awaitable<int> {
            most = std::max(most, ++running);
            (void)co_await after(n % 4, 0);
            --running;
            co_return n;
        };
        auto one = [&](int n) -> awaitable<int> {
            auto permit = co_await slots.acquire();
            co_return co_await wait_for(fetch(n), 5s);
        };
        co_return co_await gather(
            std::views::iota(0, 20) | std::views::transform(one), return_exceptions
        );
    });

    ASSERT_EQ(pages.size(), 20U);
    for (int n = 0; n < 20; ++n) {
        EXPECT_EQ(pages[static_cast<std::size_t>(n)].value(), n);
    }
    EXPECT_EQ(most, 3U);
}

}  // namespace
}  // namespace fanfetch
