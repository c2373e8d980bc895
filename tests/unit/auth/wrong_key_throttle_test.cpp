#include "auth/wrong_key_throttle.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

constexpr Steady::time_point start{1h};

TEST(WrongKeyThrottle, Auth08AFewAreAnsweredAtOnceThenOneAfterTheOther) {
    WrongKeyThrottle throttle{{.at_once = 3, .each = 200ms, .longest = 500ms}};

    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(throttle.pause("192.0.2.1", start), 0ms);
    }
    EXPECT_EQ(throttle.pause("192.0.2.1", start), 200ms);
    EXPECT_EQ(throttle.pause("192.0.2.1", start), 400ms);
    EXPECT_FALSE(throttle.pause("192.0.2.1", start)) << "it would wait longer than anybody may";
    EXPECT_FALSE(throttle.pause("192.0.2.1", start)) << "who is turned away pays nothing more";
    EXPECT_EQ(throttle.pause("192.0.2.1", start + 200ms), 400ms);
}

TEST(WrongKeyThrottle, Auth08FiftyASecondBecomeFive) {
    WrongKeyThrottle throttle;
    int answered = 0;

    for (auto now = start; now < start + 20s; now += 20ms) {
        const auto pause = throttle.pause("192.0.2.1", now);
        answered += pause && now + *pause < start + 20s ? 1 : 0;
    }

    EXPECT_GE(answered, 20 * 5);
    EXPECT_LE(answered, 20 * 5 + 10);
}

TEST(WrongKeyThrottle, Auth08OthersAreNotSlowed) {
    WrongKeyThrottle throttle;
    while (throttle.pause("192.0.2.1", start)) {
    }

    EXPECT_EQ(throttle.pause("192.0.2.2", start), 0ms);
    EXPECT_EQ(throttle.pause("2001:db8::1", start), 0ms);
}

TEST(WrongKeyThrottle, IsForgottenInTime) {
    WrongKeyThrottle throttle;
    while (throttle.pause("192.0.2.1", start)) {
    }

    EXPECT_EQ(throttle.pause("192.0.2.1", start + 1h), 0ms);
}

TEST(WrongKeyThrottle, RemembersSoManyPeersAndNoMore) {
    WrongKeyThrottle throttle{{.at_once = 1, .peers = 2}};
    EXPECT_EQ(throttle.pause("192.0.2.1", start), 0ms);
    EXPECT_EQ(throttle.pause("192.0.2.2", start), 0ms);

    EXPECT_EQ(throttle.pause("192.0.2.3", start), 0ms) << "the first of those that share";
    EXPECT_EQ(throttle.pause("192.0.2.4", start), 200ms) << "the second";
    EXPECT_EQ(throttle.pause("192.0.2.1", start), 200ms) << "who has a place keeps it";
    EXPECT_EQ(throttle.pause("192.0.2.5", start + 1h), 0ms) << "places come free";
    EXPECT_EQ(throttle.pause("192.0.2.6", start + 1h), 0ms);
}

TEST(PeerGroup, IsAnAddressOrTheNetworkOfAnIpv6One) {
    EXPECT_EQ(peer_group("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(peer_group("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    EXPECT_EQ(peer_group("2001:db8:1:2::1"), peer_group("2001:db8:1:2:ffff::"));
    EXPECT_NE(peer_group("2001:db8:1:2::1"), peer_group("2001:db8:1:3::1"));
    EXPECT_NE(peer_group("::ffff:192.0.2.1"), peer_group("::ffff:192.0.2.2"));
    EXPECT_EQ(peer_group("no address"), "no address");
}

}  // namespace
}  // namespace fanfetch
