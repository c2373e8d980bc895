#include "host/visit_line.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

constexpr auto forever = Steady::time_point::max();

class VisitLineTest : public ::testing::Test {
protected:
    std::optional<std::chrono::nanoseconds> pause(
        const Admission& admission, std::size_t ahead = 0, std::chrono::nanoseconds spacing = 0s,
        bool closed = false
    ) {
        const auto later = line_.appointment(admission, ahead, spacing, closed, now_);
        return later ? std::optional{*later - now_} : std::nullopt;
    }

    Steady::time_point now_ = Steady::time_point{} + 1h;
    VisitLine line_;
};

TEST_F(VisitLineTest, AFreeHostIsEnteredAtOnce) {
    EXPECT_EQ(pause({}), std::nullopt);
    EXPECT_EQ(pause({}, 5), std::nullopt);
}

TEST_F(VisitLineTest, AFullHostIsWaitedForHoweverLongTheLine) {
    EXPECT_EQ(pause({wait_reason::host_concurrency, forever}, 1'000), std::nullopt);
}

TEST_F(VisitLineTest, AShortPauseIsWaitedOutInLine) {
    EXPECT_EQ(pause({wait_reason::retry_after, now_ + 1s}), std::nullopt);
    EXPECT_NE(pause({wait_reason::retry_after, now_ + 1s + 1ms}), std::nullopt);
}

TEST_F(VisitLineTest, ThoseWhoAreSentAwayDoNotComeBackAllAtOnce) {
    const Admission busy{wait_reason::retry_after, now_ + 60s};
    EXPECT_EQ(pause(busy), 60s);
    EXPECT_EQ(pause(busy), 60s + VisitLine::least_gap);
    EXPECT_EQ(pause(busy), 60s + 2 * VisitLine::least_gap);
}

TEST_F(VisitLineTest, ARateGivesEachItsOwnMoment) {
    const Admission paced{wait_reason::host_rate, now_ + 500ms};
    EXPECT_EQ(pause(paced, 0, 1s), std::nullopt);
    const auto first = pause(paced, 1, 1s);
    const auto second = pause(paced, 1, 1s);
    ASSERT_TRUE(first && second);
    EXPECT_GE(*first, 500ms);
    EXPECT_EQ(*second - *first, 1s);
}

TEST_F(VisitLineTest, AHostThatIsPausedIsLookedAtAgainInAMinute) {
    EXPECT_EQ(pause({wait_reason::host_concurrency, forever}, 0, 0s, true), VisitLine::next_look);
}

TEST_F(VisitLineTest, OldAppointmentsDoNotHoldUpAnybody) {
    const Admission busy{wait_reason::retry_after, now_ + 60s};
    for (int n = 0; n < 1'000; ++n) {
        (void)pause(busy);
    }
    now_ += 10min;
    EXPECT_EQ(pause({wait_reason::retry_after, now_ + 60s}), 60s);
}

}  // namespace
}  // namespace fanfetch
