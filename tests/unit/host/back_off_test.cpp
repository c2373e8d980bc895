#include "host/back_off.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

class BackOffTest : public ::testing::Test {
protected:
    /// The host pushes back to a request made just now; how long it is left alone then.
    std::chrono::nanoseconds push(
        std::uint16_t status, std::optional<std::chrono::milliseconds> retry_after = {}
    ) {
        now_ = std::max(now_ + 1s, back_off_.until());
        back_off_.pushed_back(now_, now_, status, retry_after);
        return back_off_.until() - now_;
    }

    Steady::time_point now_ = Steady::time_point{} + 1h;
    BackOff back_off_{1h};
};

TEST_F(BackOffTest, RetryAfterIsWaitedOutInFull) {
    EXPECT_EQ(push(429, 90s), 90s);
    EXPECT_EQ(push(503, 20min), 20min);
}

TEST_F(BackOffTest, RetryAfterIsCapped) {
    EXPECT_EQ(push(429, 24h * 365), 1h);
}

TEST_F(BackOffTest, AShorterRetryAfterDoesNotShortenThePause) {
    push(429, 90s);
    back_off_.pushed_back(now_, now_, 429, 1s);
    EXPECT_EQ(back_off_.until(), now_ + 90s);
}

TEST_F(BackOffTest, TooManyRequestsWithoutATimeGrowsToAMinute) {
    EXPECT_EQ(push(429), 1s);
    EXPECT_EQ(push(429), 2s);
    EXPECT_EQ(push(429), 4s);
    for (int i = 0; i < 20; ++i) {
        push(429);
    }
    EXPECT_EQ(push(429), BackOff::longest_pause);
}

TEST_F(BackOffTest, WhatWasOnItsWayDoesNotGrowThePause) {
    const auto asked = now_;
    EXPECT_TRUE(back_off_.pushed_back(asked, now_ + 1s, 429, {}));
    for (int i = 0; i < 30; ++i) {
        EXPECT_FALSE(back_off_.pushed_back(asked, now_ + 1s, 429, {}));
    }
    EXPECT_EQ(back_off_.level(), 1U);
}

TEST_F(BackOffTest, OnePageThatIsUnavailableIsNotABusyHost) {
    for (int i = 0; i < 50; ++i) {
        EXPECT_LE(push(503), 0ns);
        back_off_.answered();
    }
}

TEST_F(BackOffTest, ThreeUnavailableInARowAre) {
    EXPECT_LE(push(503), 0ns);
    EXPECT_LE(push(503), 0ns);
    EXPECT_EQ(push(503), 1s);
}

TEST_F(BackOffTest, TenGoodAnswersTakeBackOneDoubling) {
    push(429);
    push(429);
    push(429);
    for (int i = 0; i < 9; ++i) {
        EXPECT_FALSE(back_off_.answered());
    }
    EXPECT_TRUE(back_off_.answered());
    EXPECT_EQ(push(429), 4s);
}

}  // namespace
}  // namespace fanfetch
