// The traps of Boost 1.81 and of the standard library that concern pools, each with what keeps us
// out of it.

#include "executor/thread_pool_executor.hpp"
#include "future/wait.hpp"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <stdexcept>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

TEST(Traps, Trp07APoolThatGoesDropsNothingOfItsQueue) {
    // Asio's thread_pool destroys what is queued, and with it the promises inside.
    std::vector<Future<int>> queued;
    {
        std::latch gate{1};
        ThreadPoolExecutor pool{{.max_workers = 1}};
        queued.push_back(pool.submit([&gate] {
            gate.wait();
            return 0;
        }));
        for (int number = 1; number < 20; ++number) {
            queued.push_back(pool.submit([number] { return number; }));
        }
        gate.count_down();
    }

    for (int number = 0; number < 20; ++number) {
        ASSERT_TRUE(queued[static_cast<std::size_t>(number)].done());
        EXPECT_EQ(queued[static_cast<std::size_t>(number)].result(), number);
    }
}

TEST(Traps, Trp07AnExceptionEndsACallAndNotTheProcess) {
    // What leaves a handler posted to Asio's thread_pool terminates.
    ThreadPoolExecutor pool{{.max_workers = 1}};

    EXPECT_THROW(pool.submit([] { throw std::runtime_error{"no"}; }).result(), std::runtime_error);
    EXPECT_EQ(pool.submit([] { return 7; }).result(), 7);
    EXPECT_EQ(pool.workers(), 1);
}

TEST(Traps, Trp08APackagedTaskKeepsItsFuture) {
    // For Asio it is a completion token, whose future Asio takes.
    ThreadPoolExecutor pool;
    std::packaged_task<int()> task{[] { return 7; }};
    auto result = task.get_future();

    pool.submit(std::move(task)).result();

    EXPECT_EQ(result.get(), 7);
}

}  // namespace
}  // namespace fanfetch
