#include "store/sqlite/group_pace.hpp"

#include <gtest/gtest.h>

namespace fanfetch::sqlite {
namespace {

using namespace std::chrono_literals;

constexpr Steady::time_point start{std::chrono::hours{1}};

TEST(GroupPace, TakesTheFirstWriteAtOnce) {
    const GroupPace pace;
    EXPECT_LE(pace.due(start, 1), start);
}

TEST(GroupPace, DoesNotDelayAClientThatWaitsForEachAnswer) {
    GroupPace pace;
    auto now = start;
    for (int i = 0; i < 1000; ++i) {
        EXPECT_LE(pace.due(now, 3), now);
        pace.took(now, 3);
        now += 700us;
    }
}

TEST(GroupPace, LetsGroupsFillUnderLoad) {
    GroupPace pace;
    auto now = start;
    for (int i = 0; i < 100; ++i) {
        pace.took(now, 50);
        now += 1ms;
    }
    pace.took(now, 50);

    const auto due = pace.due(now + 100us, 5);

    EXPECT_GT(due, now + 100us);
    EXPECT_LE(due, now + GroupPace::longest_wait);
    EXPECT_LE(pace.due(now + 100us, GroupPace::enough), now + 100us) << "it is full already";
}

TEST(GroupPace, ForgetsABurst) {
    GroupPace pace;
    pace.took(start, 4000);

    EXPECT_GT(pace.due(start + 1ms, 1), start + 1ms);
    EXPECT_LE(pace.due(start + 200ms, 1), start + 200ms);
}

}  // namespace
}  // namespace fanfetch::sqlite
