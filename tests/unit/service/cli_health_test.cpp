#include "cli/health.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanfetch {
namespace {

std::string where(const std::string& address, std::uint16_t port = 8080) {
    const auto endpoint = reached_at({address, port});
    return endpoint ? to_string(*endpoint) : "";
}

TEST(Health, AsksTheAddressThatIsListenedOn) {
    EXPECT_EQ(where("127.0.0.1"), "127.0.0.1:8080");
    EXPECT_EQ(where("192.0.2.1", 81), "192.0.2.1:81");
    EXPECT_EQ(where("2001:db8::1"), "[2001:db8::1]:8080");
}

TEST(Health, AsksLoopbackWhenEveryAddressIsListenedOn) {
    EXPECT_EQ(where("0.0.0.0"), "127.0.0.1:8080");
    EXPECT_EQ(where("::"), "[::1]:8080");
}

TEST(Health, CannotAskWhereTheSettingsDoNotSay) {
    EXPECT_FALSE(reached_at({"0.0.0.0", 0}));
    EXPECT_FALSE(reached_at({"localhost", 8080}));
}

}  // namespace
}  // namespace fanfetch
