#include "auth/request_meter.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

constexpr Steady::time_point start{std::chrono::hours{1}};

TEST(RequestMeter, Ovl01ASecondsWorthMayComeAtOnceAndNoMore) {
    RequestMeter meter;

    for (int i = 0; i < 5; ++i) {
        const auto toll = meter.take("a", 5, start);
        EXPECT_TRUE(toll.admitted);
        EXPECT_EQ(toll.remaining, static_cast<std::uint64_t>(4 - i));
    }
    const auto sixth = meter.take("a", 5, start);

    EXPECT_FALSE(sixth.admitted);
    EXPECT_EQ(sixth.quota, 5U);
    EXPECT_EQ(sixth.window, 1s);
    EXPECT_EQ(sixth.wait, 1s);
    EXPECT_TRUE(meter.take("a", 5, start + 200ms).admitted);
    EXPECT_FALSE(meter.take("a", 5, start + 200ms).admitted);
    EXPECT_TRUE(meter.take("b", 5, start).admitted) << "another tenant is another";
}

TEST(RequestMeter, WhoWasRefusedPaysNothing) {
    RequestMeter meter;
    EXPECT_TRUE(meter.take("a", 1, start).admitted);
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(meter.take("a", 1, start + 500ms).admitted);
    }
    EXPECT_TRUE(meter.take("a", 1, start + 1s).admitted);
}

TEST(RequestMeter, ARateBelowOneHasALongerWindow) {
    RequestMeter meter;
    EXPECT_TRUE(meter.take("a", 0.1, start).admitted);

    const auto second = meter.take("a", 0.1, start + 1s);

    EXPECT_FALSE(second.admitted);
    EXPECT_EQ(second.quota, 1U);
    EXPECT_EQ(second.window, 10s);
    EXPECT_EQ(second.wait, 9s);
    EXPECT_TRUE(meter.take("a", 0.1, start + 10s).admitted);
}

}  // namespace
}  // namespace fanfetch
