#include "host/breaker.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using effect = Breaker::effect;

class BreakerTest : public ::testing::Test {
protected:
    effect fail_at(Steady::time_point now) {
        breaker_.started();
        return breaker_.failed(now, now);
    }
    void open() {
        for (int i = 0; i < 3; ++i) {
            fail_at(start_);
        }
    }

    Steady::time_point start_ = Steady::time_point{} + 1h;
    Breaker breaker_{{3, 30s}};
};

TEST_F(BreakerTest, OpensAfterSoManyFailuresInARow) {
    EXPECT_EQ(fail_at(start_), effect::none);
    EXPECT_EQ(fail_at(start_), effect::none);
    EXPECT_EQ(fail_at(start_), effect::opened);
    EXPECT_EQ(breaker_.state(start_), breaker_state::open);
    EXPECT_FALSE(breaker_.admits(start_ + 29s));
}

TEST_F(BreakerTest, AnAnswerInBetweenStartsTheCountAnew) {
    fail_at(start_);
    fail_at(start_);
    EXPECT_FALSE(breaker_.answered());
    EXPECT_EQ(fail_at(start_), effect::none);
    EXPECT_TRUE(breaker_.closed());
}

TEST_F(BreakerTest, LetsOneProbeThroughAfterTheCooldown) {
    open();
    EXPECT_TRUE(breaker_.admits(start_ + 30s));
    EXPECT_EQ(breaker_.state(start_ + 30s), breaker_state::half_open);
    breaker_.started();
    EXPECT_FALSE(breaker_.admits(start_ + 31s));
}

TEST_F(BreakerTest, AProbeThatIsAnsweredClosesIt) {
    open();
    breaker_.started();
    EXPECT_TRUE(breaker_.answered());
    EXPECT_TRUE(breaker_.closed());
    EXPECT_TRUE(breaker_.admits(start_));
}

TEST_F(BreakerTest, AProbeThatFailsOpensItAgain) {
    open();
    EXPECT_EQ(fail_at(start_ + 30s), effect::probe_failed);
    EXPECT_FALSE(breaker_.admits(start_ + 59s));
    EXPECT_TRUE(breaker_.admits(start_ + 60s));
}

TEST_F(BreakerTest, FailuresThatWereOnTheirWayDoNotCountAsTheProbe) {
    open();
    EXPECT_EQ(breaker_.failed(start_ - 1s, start_ + 1s), effect::none);
    breaker_.started();
    EXPECT_EQ(breaker_.failed(start_ - 1s, start_ + 31s), effect::none);
    EXPECT_TRUE(breaker_.probing());
}

TEST_F(BreakerTest, ACancelledProbeMakesRoomForAnother) {
    open();
    breaker_.started();
    breaker_.unknown(start_ - 1s);
    EXPECT_FALSE(breaker_.admits(start_ + 31s));
    breaker_.unknown(start_ + 30s);
    EXPECT_TRUE(breaker_.admits(start_ + 31s));
}

TEST_F(BreakerTest, IsOpenAgainAfterARestart) {
    breaker_.restore(start_ + 5s);
    EXPECT_FALSE(breaker_.admits(start_));
    EXPECT_TRUE(breaker_.admits(start_ + 5s));
    EXPECT_EQ(fail_at(start_ + 5s), effect::probe_failed);
}

}  // namespace
}  // namespace fanfetch
