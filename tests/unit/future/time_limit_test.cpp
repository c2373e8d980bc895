#include "future/time_limit.hpp"

#include "future/promise.hpp"
#include "future/wait.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <thread>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

TEST(TimeLimit, Gen01NoLimitIsAValueOfItsOwn) {
    EXPECT_FALSE(TimeLimit{}.limited());
    EXPECT_FALSE(TimeLimit{std::nullopt}.limited());
    EXPECT_FALSE(TimeLimit{std::optional<std::chrono::seconds>{}}.limited());
    EXPECT_EQ(TimeLimit{250ms}.duration(), 250'000'000ns);
    EXPECT_FALSE(TimeLimit{}.deadline().has_value());
}

TEST(TimeLimit, Gen01ZeroAndNegativeLookOnce) {
    Promise<int> promise;
    const auto future = promise.get_future();

    EXPECT_THROW(future.result(0s), TimeoutError);
    EXPECT_THROW(future.result(-1h), TimeoutError);
    EXPECT_THROW(future.result(std::chrono::hours::min()), TimeoutError);
    EXPECT_EQ(wait(std::vector{future}, -1s).not_done.size(), 1U);
}

TEST(TimeLimit, Gen02TheLongestDurationsSaturate) {
    using Years = std::chrono::duration<int, std::ratio<31'556'952>>;
    using Picoseconds = std::chrono::duration<std::int64_t, std::pico>;
    constexpr auto longest = std::chrono::nanoseconds::max();

    EXPECT_EQ(TimeLimit{std::chrono::hours::max()}.duration(), longest);
    EXPECT_EQ(TimeLimit{Years::max()}.duration(), longest);
    EXPECT_EQ(TimeLimit{std::chrono::duration<double>::max()}.duration(), longest);
    EXPECT_EQ(TimeLimit{std::chrono::hours::min()}.duration(), std::chrono::nanoseconds::min());
    EXPECT_EQ(TimeLimit{Picoseconds{5000}}.duration(), 5ns);
    EXPECT_EQ(TimeLimit{std::chrono::duration<double>{0.5}}.duration(), 500'000'000ns);
    const std::chrono::duration<double> nothing{std::numeric_limits<double>::quiet_NaN()};
    EXPECT_EQ(TimeLimit{nothing}.duration(), 0ns);
}

TEST(TimeLimit, Gen02AndTrp09AVeryLongWaitDoesNotReturnAtOnce) {
    for (const TimeLimit limit :
         {TimeLimit{std::chrono::hours::max()}, TimeLimit{std::chrono::nanoseconds::max()}}) {
        Promise<int> promise;
        const auto future = promise.get_future();
        std::jthread producer{[&promise] { promise.set_result(3); }};

        EXPECT_EQ(future.result(limit), 3);
        EXPECT_EQ(wait(std::vector{future}, limit).done.size(), 1U);
    }
}

TEST(TimeLimit, Gen03DeadlinesAreSteady) {
    const auto before = Steady::now();
    const auto deadline = TimeLimit{1h}.deadline();
    const auto after = Steady::now();

    ASSERT_TRUE(deadline.has_value());
    EXPECT_GE(*deadline, before + 1h);
    EXPECT_LE(*deadline, after + 1h);
}

}  // namespace
}  // namespace fanfetch
