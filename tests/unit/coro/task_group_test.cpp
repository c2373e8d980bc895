#include "coro/task_group.hpp"

#include "coro/sleep.hpp"
#include "coro/with_timeout.hpp"
#include "future/errors.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::run_coroutine;

awaitable<> hang() {
    return sleep(std::nullopt);
}

awaitable<> fail_with(const char* text) {
    co_await yield_now();
    throw std::runtime_error{text};
}

/// Runs `body` under a group; the texts of the errors of the group it throws, sorted.
template <class Body>
std::vector<std::string> errors_of(Body body) {
    std::vector<std::string> texts;
    try {
        run_coroutine([&](LoopExecutor) -> awaitable<> { co_await with_task_group(body); });
    } catch (const ExceptionGroup& group) {
        for (const auto& error : group.errors()) {
            texts.push_back(describe(error));
        }
    }
    std::ranges::sort(texts);
    return texts;
}

TEST(TaskGroup, Tgr01LeavingTheScopeAwaitsEveryChildAndGivesTheValue) {
    int ended = 0;
    auto child = [&](int turns) -> awaitable<> {
        for (int i = 0; i < turns; ++i) {
            co_await yield_now();
        }
        ++ended;
    };

    const auto value = run_coroutine([&](LoopExecutor) -> awaitable<int> {
        auto body = [&](TaskGroup& group) -> awaitable<int> {
            for (int turns = 0; turns < 10; ++turns) {
                group.spawn(child(turns));
            }
            co_return 7;
        };
        const int result = co_await with_task_group(body);
        co_return ended == 10 ? result : -1;
    });

    EXPECT_EQ(value, 7);
}

TEST(TaskGroup, Tgr01ChildrenMaySpawnWhileTheGroupIsOpen) {
    int leaves = 0;

    run_coroutine([&](LoopExecutor) -> awaitable<> {
        auto grow = [&](auto& self, TaskGroup& group, int depth) -> awaitable<> {
            co_await yield_now();
            if (depth == 0) {
                ++leaves;
                co_return;
            }
            group.spawn(self(self, group, depth - 1));
            group.spawn(self(self, group, depth - 1));
        };
        auto body = [&](TaskGroup& group) -> awaitable<> {
            group.spawn(grow(grow, group, 5));
            co_return;
        };
        co_await with_task_group(body);
    });

    EXPECT_EQ(leaves, 32);
}

TEST(TaskGroup, Tgr01SpawningWhileShuttingDownThrowsAndStartsNothing) {
    bool started = false;
    auto late = [&]() -> awaitable<> {
        started = true;
        co_return;
    };
    auto body = [&](TaskGroup& group) -> awaitable<> {
        group.spawn(fail_with("first"));
        try {
            co_await hang();
        } catch (const CancelledError&) {
            group.spawn(late());
        }
    };

    const auto errors = errors_of(body);

    ASSERT_EQ(errors.size(), 2U);
    EXPECT_NE(errors[0].find("InvalidStateError"), std::string::npos);
    EXPECT_EQ(errors[1], "std::runtime_error: first");
    EXPECT_FALSE(started);
}

TEST(TaskGroup, Tgr02FirstFailureCancelsTheSiblings) {
    int unwound = 0;
    auto sibling = [&]() -> awaitable<> {
        const auto mark = std::shared_ptr<void>{nullptr, [&](void*) { ++unwound; }};
        co_await hang();
    };
    auto body = [&](TaskGroup& group) -> awaitable<> {
        group.spawn(sibling());
        group.spawn(sibling());
        group.spawn(fail_with("boom"));
        co_await sibling();
    };

    const auto errors = errors_of(body);

    EXPECT_EQ(errors, std::vector<std::string>{"std::runtime_error: boom"});
    EXPECT_EQ(unwound, 3) << "two siblings and the body";
}

TEST(TaskGroup, Tgr02AllRealErrorsAreThrownTogether) {
    auto fails_in_cleanup = []() -> awaitable<> {
        try {
            co_await hang();
        } catch (const CancelledError&) {
            throw std::runtime_error{"clean-up"};
        }
    };
    auto body = [&](TaskGroup& group) -> awaitable<> {
        group.spawn(fails_in_cleanup());
        group.spawn(hang());
        co_await yield_now();
        co_await yield_now();
        throw std::runtime_error{"body"};
    };

    const auto errors = errors_of(body);

    const std::vector<std::string> expected{
        "std::runtime_error: body", "std::runtime_error: clean-up"};
    EXPECT_EQ(errors, expected);
}

TEST(TaskGroup, Tgr03AChildCancelledOnItsOwnEndsAlone) {
    const auto sibling_ended = run_coroutine([](LoopExecutor) -> awaitable<bool> {
        bool ended = false;
        auto sibling = [&]() -> awaitable<> {
            co_await sleep(5ms);
            ended = true;
        };
        auto body = [&](TaskGroup& group) -> awaitable<> {
            auto alone = group.spawn(hang());
            group.spawn(sibling());
            co_await yield_now();
            alone.cancel();
        };
        co_await with_task_group(body);
        co_return ended;
    });

    EXPECT_TRUE(sibling_ended);
}

TEST(TaskGroup, Tgr04CancelFromOutsideCancelsAwaitsAndContinues) {
    int unwound = 0;
    auto child = [&]() -> awaitable<> {
        const auto mark = std::shared_ptr<void>{nullptr, [&](void*) { ++unwound; }};
        co_await hang();
    };
    auto in_body = [&](TaskGroup& group) -> awaitable<> {
        group.spawn(child());
        co_await child();
    };
    auto in_join = [&](TaskGroup& group) -> awaitable<> {
        group.spawn(child());
        group.spawn(child());
        co_return;
    };

    const auto cancelled = run_coroutine([&](LoopExecutor home) -> awaitable<int> {
        auto first = spawn(home, with_task_group(in_body));
        auto second = spawn(home, with_task_group(in_join));
        co_await sleep(1ms);
        first.cancel();
        second.cancel();
        co_await sleep(1ms);
        co_return static_cast<int>(first.cancelled()) + static_cast<int>(second.cancelled());
    });

    EXPECT_EQ(cancelled, 2);
    EXPECT_EQ(unwound, 4);
}

TEST(TaskGroup, Tgr04ErrorsWinAndTheOutsideRequestShowsAtTheNextAwait) {
    std::string trace;
    auto fails_when_cancelled = []() -> awaitable<> {
        try {
            co_await hang();
        } catch (const CancelledError&) {
            throw std::runtime_error{"clean-up"};
        }
    };

    const auto outcome = run_coroutine([&](LoopExecutor home) -> awaitable<Task<>> {
        auto body = [&](TaskGroup& group) -> awaitable<> {
            group.spawn(fails_when_cancelled());
            co_return;
        };
        auto owner = [&]() -> awaitable<> {
            try {
                co_await with_task_group(body);
            } catch (const ExceptionGroup&) {
                trace += "errors ";
            }
            co_await yield_now();
            trace += "never";
        };
        auto task = spawn(home, owner());
        co_await sleep(1ms);
        task.cancel();
        co_await sleep(1ms);
        co_return task;
    });

    EXPECT_EQ(trace, "errors ");
    EXPECT_TRUE(outcome.cancelled());
}

TEST(TaskGroup, Tgr05NestedGroupsGiveNestedErrors) {
    auto inner = [](TaskGroup& group) -> awaitable<> {
        group.spawn(fail_with("deep"));
        co_return;
    };
    std::vector<std::string> inner_errors;
    auto outer = [&](TaskGroup& group) -> awaitable<> {
        group.spawn(with_task_group(inner));
        co_await hang();
    };

    try {
        run_coroutine([&](LoopExecutor) -> awaitable<> { co_await with_task_group(outer); });
        FAIL() << "nothing was thrown";
    } catch (const ExceptionGroup& group) {
        ASSERT_EQ(group.errors().size(), 1U);
        try {
            std::rethrow_exception(group.errors().front());
        } catch (const ExceptionGroup& nested) {
            ASSERT_EQ(nested.errors().size(), 1U);
            EXPECT_EQ(describe(nested.errors().front()), "std::runtime_error: deep");
        }
    }
}

TEST(TaskGroup, Gen09ALoopDestroyedUnderAGroupUnwindsItAll) {
    auto held = std::make_shared<int>();
    auto child = [](std::shared_ptr<int>) -> awaitable<> { co_await hang(); };
    auto body = [&](TaskGroup& group) -> awaitable<> {
        group.spawn(child(held));
        group.spawn(child(held));
        co_await child(held);
    };
    auto limited = [&]() -> awaitable<> { co_await with_task_group(body); };
    {
        EventLoop loop;
        spawn(loop.executor(), with_timeout(1h, limited));
        loop.run_until_complete(sleep(1ms));
        EXPECT_EQ(held.use_count(), 4);
    }

    EXPECT_EQ(held.use_count(), 1);
}

TEST(TaskGroup, EveryChildEndsWhicheverStepFails) {
    // A failure is injected at each step in turn; the number of live frames returns to zero.
    constexpr int children = 4;
    constexpr int steps = 5;
    for (int failing = 0; failing < children * steps; ++failing) {
        int live = 0;
        int step = 0;
        auto child = [&]() -> awaitable<> {
            ++live;
            const auto mark = std::shared_ptr<void>{nullptr, [&](void*) { --live; }};
            for (int i = 0; i < steps; ++i) {
                if (step++ == failing) {
                    throw std::runtime_error{"injected"};
                }
                co_await yield_now();
            }
        };
        auto body = [&](TaskGroup& group) -> awaitable<> {
            for (int i = 0; i < children; ++i) {
                group.spawn(child());
            }
            co_return;
        };

        const auto errors = errors_of(body);

        EXPECT_EQ(errors, std::vector<std::string>{"std::runtime_error: injected"}) << failing;
        EXPECT_EQ(live, 0) << failing;
    }
}

}  // namespace
}  // namespace fanfetch
