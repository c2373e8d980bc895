#include "batch/rate_meter.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

TEST(RateMeter, Prg01KnowsNothingBeforeTheSecondLook) {
    RateMeter meter;
    meter.update(5, Steady::time_point{});

    EXPECT_EQ(meter.per_second(), 0.0);
    EXPECT_EQ(meter.eta(10), std::nullopt);
    EXPECT_EQ(meter.eta(0), 0ms) << "what is done needs no rate";
}

TEST(RateMeter, Prg01SettlesOnASteadyRate) {
    RateMeter meter;
    for (int tenth = 0; tenth <= 100; ++tenth) {
        meter.update(static_cast<std::uint64_t>(tenth * 20), Steady::time_point{tenth * 100ms});
    }

    EXPECT_NEAR(meter.per_second(), 200.0, 1.0);
    EXPECT_NEAR(static_cast<double>(meter.eta(400)->count()), 2000.0, 20.0);
}

TEST(RateMeter, Prg01APauseDoesNotSendItToZeroAtOnce) {
    RateMeter meter;
    meter.update(0, Steady::time_point{});
    meter.update(100, Steady::time_point{1s});
    meter.update(100, Steady::time_point{2s});

    EXPECT_LT(meter.per_second(), 100.0);
    EXPECT_GT(meter.per_second(), 50.0);
}

}  // namespace
}  // namespace fanfetch
