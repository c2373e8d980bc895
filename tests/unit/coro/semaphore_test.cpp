#include "coro/semaphore.hpp"

#include "coro/sleep.hpp"
#include "coro/spawn.hpp"
#include "executor/thread_pool_executor.hpp"
#include "future/errors.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <utility>
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

awaitable<> visit(Semaphore& slots, int stay) {
    auto permit = co_await slots.acquire();
    co_await turns(stay);
}

TEST(Semaphore, Sem01FirstComeFirstServedAndNobodyOvertakes) {
    std::string order;

    run_coroutine([&](LoopExecutor home) -> awaitable<> {
        Semaphore slots{1};
        auto visit = [&](char who) -> awaitable<> {
            auto permit = co_await slots.acquire();
            order += who;
            co_await yield_now();
        };
        std::vector<Task<>> visitors;
        for (const char who : {'a', 'b', 'c'}) {
            visitors.push_back(spawn(home, visit(who)));
        }
        {
            auto permit = co_await slots.acquire();
            co_await turns(3);
        }
        EXPECT_EQ(slots.available(), 0U) << "handed to the first waiter";
        EXPECT_FALSE(slots.try_acquire());
        visitors.push_back(spawn(home, visit('d')));
        for (auto& visitor : visitors) {
            co_await visitor.join();
        }
        EXPECT_EQ(slots.available(), 1U);
    });

    EXPECT_EQ(order, "abcd");
}

TEST(Semaphore, Sem01AWaiterCancelledBeforeItIsGrantedLosesNothing) {
    const auto available = run_coroutine([](LoopExecutor home) -> awaitable<std::size_t> {
        Semaphore slots{1};
        auto wait = [&]() -> awaitable<> { auto permit = co_await slots.acquire(); };
        {
            auto permit = co_await slots.acquire();
            auto waiter = spawn(home, wait());
            co_await turns(3);
            waiter.cancel();
            co_await turns(3);
            EXPECT_TRUE(waiter.cancelled());
        }
        co_return slots.available();
    });

    EXPECT_EQ(available, 1U);
}

TEST(Semaphore, Sem01AWaiterCancelledJustAfterItWasGrantedPassesItOn) {
    const auto second_served = run_coroutine([](LoopExecutor home) -> awaitable<bool> {
        Semaphore slots{1};
        bool first_ran = false;
        auto wait = [&](bool& ran) -> awaitable<> {
            auto permit = co_await slots.acquire();
            ran = true;
        };
        bool second_ran = false;
        std::optional permit{co_await slots.acquire()};
        auto first = spawn(home, wait(first_ran));
        auto second = spawn(home, wait(second_ran));
        co_await turns(3);
        permit.reset();  // granted to the first, who has not run yet
        first.cancel();
        co_await turns(5);
        co_return first.cancelled() && !first_ran && second_ran && slots.available() == 1;
    });

    EXPECT_TRUE(second_served);
}

TEST(Semaphore, Sem01EveryPermitComesBackWhateverIsCancelled) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        const auto available = run_coroutine([&](LoopExecutor home) -> awaitable<std::size_t> {
            std::mt19937 random{seed};
            std::uniform_int_distribution<int> dice{0, 5};
            Semaphore slots{3};
            std::vector<Task<>> visitors;
            for (int i = 0; i < 60; ++i) {
                visitors.push_back(spawn(home, visit(slots, dice(random))));
                if (dice(random) < 2) {
                    visitors[random() % visitors.size()].cancel();
                }
                co_await turns(dice(random) / 3);
            }
            for (auto& visitor : visitors) {
                while (!visitor.done()) {
                    co_await yield_now();
                }
            }
            co_return slots.available();
        });

        EXPECT_EQ(available, 3U) << "seed " << seed;
    }
}

TEST(Semaphore, Sem02ThePermitIsMovableAndReleasesOnce) {
    const auto available = run_coroutine([](LoopExecutor) -> awaitable<std::size_t> {
        Semaphore slots{2};
        auto first = co_await slots.acquire();
        auto second = co_await slots.acquire();
        auto moved = std::move(first);
        second = std::move(moved);  // gives back its own, keeps the other
        co_return slots.available();
    });

    EXPECT_EQ(available, 1U);
}

TEST(Semaphore, Sem02OverReleasingABoundedOneThrows) {
    BoundedSemaphore bounded{1};
    Semaphore plain{1};

    EXPECT_THROW(bounded.release(), InvalidStateError);
    std::move(*bounded.try_acquire()).keep();
    bounded.release();
    EXPECT_THROW(bounded.release(), InvalidStateError);
    plain.release();

    EXPECT_EQ(bounded.available(), 1U);
    EXPECT_EQ(plain.available(), 2U);
}

TEST(Semaphore, Sem02ReleaseFromOtherThreadsWakesTheLoop) {
    constexpr int visits = 400;
    ThreadPoolExecutor pool{{.max_workers = 2}};
    Semaphore slots{2};
    auto give_back = [&](Semaphore::Permit) {};

    run_coroutine([&](LoopExecutor) -> awaitable<> {
        for (int i = 0; i < visits; ++i) {
            auto permit = co_await slots.acquire();
            (void)pool.submit(give_back, std::move(permit));
        }
    });
    pool.shutdown();

    EXPECT_EQ(slots.available(), 2U);
}

}  // namespace
}  // namespace fanfetch
