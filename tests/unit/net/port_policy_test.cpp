#include "net/port_policy.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

PortPolicy parse(std::vector<std::string> entries) {
    return PortPolicy::parse(entries).value();
}

TEST(PortPolicy, Ssrf12StandardAllowsTheWebAndHighPorts) {
    const PortPolicy policy = PortPolicy::standard();

    for (const int port : {80, 443, 1024, 3000, 8000, 8080, 8443, 9090, 49152, 65535}) {
        EXPECT_TRUE(policy.allows(static_cast<std::uint16_t>(port))) << port;
    }
    for (const int port : {0, 1, 22, 25, 79, 81, 442, 444, 1023}) {
        EXPECT_FALSE(policy.allows(static_cast<std::uint16_t>(port))) << port;
    }
}

TEST(PortPolicy, Ssrf12StandardRefusesWhatBrowsersRefuseAndInternalServices) {
    const PortPolicy policy = PortPolicy::standard();

    for (const int port :
         {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668,
          6669, 6679, 6697, 10080}) {
        EXPECT_FALSE(policy.allows(static_cast<std::uint16_t>(port))) << port;
    }
    for (const int port : {2375, 2379, 3306, 5432, 6379, 9200, 10250, 11211, 27017}) {
        EXPECT_FALSE(policy.allows(static_cast<std::uint16_t>(port))) << port;
    }
}

TEST(PortPolicy, AListReplacesTheStandard) {
    const PortPolicy policy = parse({"443", "8000-8100"});

    EXPECT_TRUE(policy.allows(443));
    EXPECT_TRUE(policy.allows(8000));
    EXPECT_TRUE(policy.allows(8100));
    EXPECT_FALSE(policy.allows(80));
    EXPECT_FALSE(policy.allows(7999));
    EXPECT_FALSE(policy.allows(8101));
}

TEST(PortPolicy, ARangeLeavesRefusedPortsOutButANamedPortIsMeant) {
    const PortPolicy policy = parse({"1-65535", "9200"});

    EXPECT_TRUE(policy.allows(81));
    EXPECT_FALSE(policy.allows(25));
    EXPECT_FALSE(policy.allows(6379));
    EXPECT_TRUE(policy.allows(9200));
    EXPECT_FALSE(policy.allows(0));
}

TEST(PortPolicy, TheStandardCanBeWidened) {
    const PortPolicy policy = parse({"default", "81"});

    EXPECT_TRUE(policy.allows(80));
    EXPECT_TRUE(policy.allows(81));
    EXPECT_FALSE(policy.allows(82));
}

TEST(PortPolicy, PersonalIsWhatABrowserDials) {
    const PortPolicy policy = PortPolicy::personal();

    EXPECT_TRUE(policy.allows(81));
    EXPECT_TRUE(policy.allows(9200));
    EXPECT_FALSE(policy.allows(25));
    EXPECT_FALSE(policy.allows(0));
}

TEST(PortPolicy, RefusesWhatIsNoPort) {
    for (const char* text :
         {"", "0", "65536", "-1", "+80", "80-", "-80", "90-80", "80-80", "http", "80,443", "80 ",
          "1-2-3"}) {
        const std::vector<std::string> entries{text};
        EXPECT_FALSE(PortPolicy::parse(entries)) << text;
    }
}

}  // namespace
}  // namespace fanfetch
