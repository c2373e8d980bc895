#include "host/adaptive_limit.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

class AdaptiveLimitTest : public ::testing::Test {
protected:
    /// A round of answers, each asked and answered a millisecond after the other.
    void answers(std::size_t count, microseconds latency) {
        for (std::size_t i = 0; i < count; ++i) {
            now_ += 1ms;
            limit_.answered(now_, now_, latency);
        }
    }

    Steady::time_point now_ = Steady::time_point{} + 1h;
    AdaptiveLimit limit_{32};
};

TEST_F(AdaptiveLimitTest, BeginsAtTheCeiling) {
    EXPECT_EQ(limit_.limit(), 32U);
    answers(100, 1ms);
    EXPECT_EQ(limit_.limit(), 32U);
}

TEST_F(AdaptiveLimitTest, TroubleHalvesIt) {
    EXPECT_TRUE(limit_.struggled(now_, now_ + 1s));
    EXPECT_EQ(limit_.limit(), 16U);
}

TEST_F(AdaptiveLimitTest, TroubleOfOneWaveCountsOnce) {
    for (int i = 0; i < 32; ++i) {
        limit_.struggled(now_, now_ + 1s);
    }
    EXPECT_EQ(limit_.limit(), 16U);
    limit_.struggled(now_ + 2s, now_ + 3s);
    EXPECT_EQ(limit_.limit(), 8U);
}

TEST_F(AdaptiveLimitTest, NeverFallsBelowOne) {
    for (int i = 0; i < 20; ++i) {
        now_ += 1s;
        limit_.struggled(now_, now_);
    }
    EXPECT_EQ(limit_.limit(), 1U);
}

TEST_F(AdaptiveLimitTest, ARoundOfGoodAnswersAddsOne) {
    limit_.struggled(now_, now_);
    answers(15, 1ms);
    EXPECT_EQ(limit_.limit(), 16U);
    answers(1, 1ms);
    EXPECT_EQ(limit_.limit(), 17U);
}

TEST_F(AdaptiveLimitTest, GrowsBackToTheCeilingAndNoFurther) {
    limit_.struggled(now_, now_);
    answers(2000, 1ms);
    EXPECT_EQ(limit_.limit(), 32U);
}

TEST_F(AdaptiveLimitTest, AnswersThatComeFarLaterThanUsualCutIt) {
    answers(64, 50ms);
    answers(32, 400ms);
    EXPECT_LT(limit_.limit(), 32U);
}

TEST_F(AdaptiveLimitTest, MillisecondsMoreAreNoSign) {
    answers(64, 1ms);
    answers(64, 90ms);
    EXPECT_EQ(limit_.limit(), 32U);
}

TEST_F(AdaptiveLimitTest, AHostThatIsSlowerForGoodGetsItsLimitBack) {
    answers(64, 50ms);
    answers(20'000, 400ms);
    EXPECT_EQ(limit_.limit(), 32U);
}

TEST_F(AdaptiveLimitTest, AHostWhoseAnswersVaryIsLeftAlone) {
    for (int i = 0; i < 2000; ++i) {
        answers(1, i % 2 == 0 ? 100ms : 5s);
    }
    EXPECT_EQ(limit_.limit(), 32U);
}

TEST_F(AdaptiveLimitTest, TheCeilingMovesTheLimitOnlyWhereItStoodThere) {
    limit_.set_ceiling(64);
    EXPECT_EQ(limit_.limit(), 64U);
    limit_.struggled(now_, now_);
    limit_.set_ceiling(100);
    EXPECT_EQ(limit_.limit(), 32U);
    limit_.set_ceiling(4);
    EXPECT_EQ(limit_.limit(), 4U);
}

}  // namespace
}  // namespace fanfetch
