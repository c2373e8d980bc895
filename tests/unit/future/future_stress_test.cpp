// What races: run under the thread sanitizer, and counted over many rounds.

#include "future/as_completed.hpp"
#include "future/promise.hpp"
#include "future/wait.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <functional>
#include <thread>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

constexpr int most_rounds = 2000;
constexpr auto long_enough = 1s;  // a crowded machine makes fewer rounds, not a longer test

/// Runs both at the same time, over and over; `reset` runs before each round, `check` after it.
void race(
    const std::function<void()>& reset, const std::function<void()>& one,
    const std::function<void()>& other, const std::function<void()>& check
) {
    reset();
    int rounds = 0;
    bool over = false;
    const auto end_of_test = Steady::now() + long_enough;
    std::barrier start{2};
    std::barrier end{2, [&]() noexcept {
                         check();
                         reset();
                         over = ++rounds == most_rounds || Steady::now() >= end_of_test;
                     }};
    const auto play = [&](const std::function<void()>& side) {
        while (!over) {
            start.arrive_and_wait();
            side();
            end.arrive_and_wait();
        }
    };
    std::jthread rival{[&] { play(other); }};
    play(one);
}

TEST(FutureStress, Fut03EitherItStartsOrCancelSaidTrue) {
    Promise<int> promise;
    bool started = false;
    bool cancelled = false;
    int both_or_none = 0;

    race(
        [&] { promise = Promise<int>{}; },
        [&] { started = promise.set_running_or_notify_cancel(); },
        [&] { cancelled = promise.get_future().cancel(); },
        [&] { both_or_none += started == cancelled ? 1 : 0; }
    );

    EXPECT_EQ(both_or_none, 0);
}

TEST(FutureStress, Fut02OneOfCompletionAndCancelWins) {
    Promise<int> promise;
    bool completed = false;
    bool cancelled = false;
    int both_or_none = 0;

    race(
        [&] { promise = Promise<int>{}; }, [&] { completed = promise.try_set_result(1); },
        [&] { cancelled = promise.get_future().cancel(); },
        [&] { both_or_none += completed == cancelled ? 1 : 0; }
    );

    EXPECT_EQ(both_or_none, 0);
}

TEST(FutureStress, Fut11EveryCallbackRunsOnceWhileTheFutureCompletes) {
    Promise<int> promise;
    std::atomic<int> calls{0};
    int wrong = 0;
    constexpr int callbacks = 4;

    race(
        [&] { promise = Promise<int>{}; }, [&] { promise.set_result(1); },
        [&] {
            const auto future = promise.get_future();
            for (int number = 0; number < callbacks; ++number) {
                future.add_done_callback([&calls](const auto& done) { calls += done.result(); });
            }
        },
        [&] { wrong += calls.exchange(0) == callbacks ? 0 : 1; }
    );

    EXPECT_EQ(wrong, 0);
}

TEST(FutureStress, Fut18ACallbackIsEitherRemovedOrCalled) {
    Promise<int> promise;
    std::atomic<int> calls{0};
    int removed = 0;
    int wrong = 0;
    std::vector<CallbackToken> tokens;
    const auto reset = [&] {
        promise = Promise<int>{};
        tokens.clear();
        for (int number = 0; number < 3; ++number) {
            tokens.push_back(promise.get_future().add_done_callback([&calls](const auto&) {
                ++calls;
            }));
        }
        calls = 0;
        removed = 0;
    };

    race(
        reset, [&] { promise.set_result(1); },
        [&] {
            for (const auto token : tokens) {
                removed += promise.get_future().remove_done_callback(token) ? 1 : 0;
            }
        },
        [&] { wrong += removed + calls == 3 ? 0 : 1; }
    );

    EXPECT_EQ(wrong, 0);
}

TEST(FutureStress, Fut04WaitersWakeHoweverTheWaitBegins) {
    Promise<int> promise;
    int wrong = 0;
    int value = 0;

    race(
        [&] { promise = Promise<int>{}; }, [&] { promise.set_result(1); },
        [&] { value = promise.get_future().result(); }, [&] { wrong += value == 1 ? 0 : 1; }
    );

    EXPECT_EQ(wrong, 0);
}

TEST(FutureStress, Wai07WaitersComeAndGoWhileTheFutureCompletes) {
    Promise<int> promise;
    int wrong = 0;
    std::size_t found = 0;

    race(
        [&] { promise = Promise<int>{}; }, [&] { promise.set_result(1); },
        [&] {
            const std::vector futures{promise.get_future()};
            (void)wait(futures, 1us);
            (void)as_completed(futures, 0s);
            found = wait(futures).done.size();
        },
        [&] { wrong += found == 1 ? 0 : 1; }
    );

    EXPECT_EQ(wrong, 0);
}

TEST(FutureStress, Fut06TheLastHandleMayBeDroppedAnywhere) {
    Promise<std::vector<int>> promise;
    std::vector<Future<std::vector<int>>> handle;

    race(
        [&] {
            promise = Promise<std::vector<int>>{};
            handle.assign(1, promise.get_future());
        },
        [&] { Promise{std::move(promise)}.set_result(100U, 1); },
        [&] {
            EXPECT_EQ(handle.front().result().size(), 100U);
            handle.clear();
        },
        [] {}
    );
}

}  // namespace
}  // namespace fanfetch
