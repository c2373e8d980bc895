#include "base/settled_time.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

/// Both clocks, moved by hand.
struct Clocks {
    SettledTime time;
    WallTime wall{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};
    Steady::time_point now{1h};

    void pass(std::chrono::milliseconds duration) {
        wall += duration;
        now += duration;
    }
    [[nodiscard]] WallTime read() { return time.read(wall, now); }
};

TEST(SettledTime, Crs09FollowsAClockThatOnlyGoes) {
    Clocks clocks;
    for (int second = 0; second < 100'000; second += 1000) {
        EXPECT_EQ(clocks.read(), clocks.wall);
        clocks.pass(1000s);
    }
}

TEST(SettledTime, Crs09AStepForwardIsBelievedWhenItHasStood) {
    for (const auto step :
         {std::chrono::milliseconds{61s}, std::chrono::milliseconds{24h},
          std::chrono::milliseconds{std::chrono::years{10}}}) {
        Clocks clocks;
        const auto before = clocks.read();
        clocks.wall += step;
        EXPECT_EQ(clocks.read(), before);
        clocks.pass(59min + 59s);
        EXPECT_EQ(clocks.read(), before + 59min + 59s);
        clocks.pass(1s);
        EXPECT_EQ(clocks.read(), clocks.wall);
    }
}

TEST(SettledTime, Crs09AStepThatIsTakenBackWasNone) {
    Clocks clocks;
    ASSERT_EQ(clocks.read(), clocks.wall);
    clocks.wall += 24h;
    ASSERT_LT(clocks.read(), clocks.wall);
    clocks.pass(30min);
    clocks.wall -= 24h;
    EXPECT_EQ(clocks.read(), clocks.wall);
    clocks.wall += 24h;  // its trial begins anew
    clocks.pass(45min);
    EXPECT_LT(clocks.read(), clocks.wall);
}

TEST(SettledTime, Crs09AClockThatKeepsJumpingOnIsNeverBelieved) {
    Clocks clocks;
    const auto before = clocks.read();
    for (int hour = 1; hour <= 48; ++hour) {
        clocks.pass(50min);
        clocks.wall += 24h;
        EXPECT_EQ(clocks.read(), before + hour * 50min);
    }
}

TEST(SettledTime, Crs09StepsBackAndSmallOnesAreBelievedAtOnce) {
    for (const auto step :
         {std::chrono::milliseconds{-24h}, std::chrono::milliseconds{-1s},
          std::chrono::milliseconds{1min}}) {
        Clocks clocks;
        ASSERT_EQ(clocks.read(), clocks.wall);
        clocks.wall += step;
        EXPECT_EQ(clocks.read(), clocks.wall);
    }
}

TEST(SettledTime, Crs09SmallStepsDuringATrialDoNotEndIt) {
    Clocks clocks;
    (void)clocks.read();
    clocks.wall += 24h;
    (void)clocks.read();
    for (int step = 0; step < 60; ++step) {
        clocks.pass(1min);
        clocks.wall += step % 2 == 0 ? 100ms : -100ms;
        (void)clocks.read();
    }
    EXPECT_EQ(clocks.read(), clocks.wall);
}

}  // namespace
}  // namespace fanfetch
