#include "net/egress_rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

namespace fanfetch {

static void PrintTo(egress_verdict verdict, std::ostream* out) {
    constexpr const char* names[] = {"allowed", "port", "address", "poisoned"};
    *out << names[static_cast<int>(verdict)];
}

namespace {

using enum egress_verdict;

IpAddress at(std::string_view text) {
    return IpAddress::parse(text).value();
}

EgressRules rules(EgressSettings settings) {
    return EgressRules::make(settings).value();
}

EgressRules allowing(std::vector<std::string> allow, std::vector<std::string> deny = {}) {
    return rules({.allow = std::move(allow), .deny = std::move(deny)});
}

TEST(EgressRules, DefaultAllowsGlobalAddressesOnly) {
    const EgressRules policy = rules({});

    EXPECT_EQ(policy.judge(at("8.8.8.8"), 443, "dns.example"), allowed);
    EXPECT_EQ(policy.judge(at("2606:4700::1111"), 80, ""), allowed);
    EXPECT_EQ(policy.judge(at("10.0.0.1"), 80, ""), address);
    EXPECT_EQ(policy.judge(at("127.0.0.1"), 80, ""), poisoned);
    EXPECT_EQ(policy.judge(at("::ffff:127.0.0.1"), 80, ""), poisoned);
    EXPECT_EQ(policy.judge(at("169.254.169.254"), 80, ""), poisoned);
    EXPECT_EQ(policy.judge(at("8.8.8.8"), 22, ""), port);
    EXPECT_EQ(policy.judge(at("8.8.8.8"), 0, ""), port);
}

TEST(EgressRules, Ssrf15AnExceptionWithAPortIsForThatPortAlone) {
    const EgressRules policy = allowing({"127.0.0.1:8080"});

    EXPECT_EQ(policy.judge(at("127.0.0.1"), 8080, ""), allowed);
    EXPECT_EQ(policy.judge(at("127.0.0.1"), 8081, ""), poisoned);
    EXPECT_EQ(policy.judge(at("127.0.0.1"), 80, ""), poisoned);
    EXPECT_EQ(policy.judge(at("127.0.0.2"), 8080, ""), poisoned);
    EXPECT_EQ(policy.judge(at("::1"), 8080, ""), poisoned);
    EXPECT_EQ(policy.judge(at("0.0.0.0"), 8080, ""), poisoned);
}

TEST(EgressRules, Ssrf15AnExceptionIsNotForOtherFormsOfTheAddress) {
    const EgressRules policy = allowing({"127.0.0.1:8080", "10.0.0.0/8"});

    for (const char* carrier :
         {"::127.0.0.1", "::ffff:127.0.0.1", "::ffff:127.0.0.2", "::ffff:0:127.0.0.1",
          "64:ff9b::127.0.0.1", "2002:7f00:1::"}) {
        EXPECT_NE(policy.judge(at(carrier), 8080, ""), allowed) << carrier;
    }
    EXPECT_EQ(policy.judge(at("::ffff:10.0.0.1"), 80, ""), address);
}

TEST(EgressRules, Ssrf15ACarrierNeedsBothItsAddressesAllowed) {
    const EgressRules outer_only = allowing({"64:ff9b::/96"});
    const EgressRules both = allowing({"64:ff9b::/96", "10.0.0.0/8"});

    EXPECT_EQ(outer_only.judge(at("64:ff9b::8.8.8.8"), 80, ""), allowed) << "a NAT64 network";
    EXPECT_EQ(outer_only.judge(at("64:ff9b::10.0.0.1"), 80, ""), address);
    EXPECT_EQ(outer_only.judge(at("64:ff9b::127.0.0.1"), 80, ""), poisoned);
    EXPECT_EQ(both.judge(at("64:ff9b::10.0.0.1"), 80, ""), allowed);
    EXPECT_EQ(both.judge(at("64:ff9b::169.254.169.254"), 80, ""), poisoned);
}

TEST(EgressRules, Ssrf15MetadataIsBeyondEveryException) {
    const EgressRules policy =
        allowing({"0.0.0.0/0", "::/0", "169.254.169.254:80", "fd00:ec2::254", "evil.test"});

    for (const char* text :
         {"169.254.169.254", "169.254.170.2", "fd00:ec2::254", "168.63.129.16", "100.100.100.200",
          "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"}) {
        EXPECT_EQ(policy.judge(at(text), 80, "evil.test"), poisoned) << text;
    }
    EXPECT_EQ(policy.judge(at("169.254.1.1"), 80, ""), allowed);
}

TEST(EgressRules, Ssrf15DenyBeatsAllow) {
    const EgressRules policy =
        allowing({"10.0.0.0/8", "10.1.0.0/16:9200"}, {"10.1.2.3", "10.2.0.0/16:8080", "bad.test"});

    EXPECT_EQ(policy.judge(at("10.1.2.4"), 80, ""), allowed);
    EXPECT_EQ(policy.judge(at("10.1.2.3"), 80, ""), address);
    EXPECT_EQ(policy.judge(at("10.1.2.3"), 9200, ""), address);
    EXPECT_EQ(policy.judge(at("10.2.0.1"), 8080, ""), address);
    EXPECT_EQ(policy.judge(at("10.2.0.1"), 80, ""), allowed);
    EXPECT_EQ(policy.judge(at("8.8.8.8"), 80, "bad.test"), address);
    EXPECT_FALSE(policy.host_allowed("bad.test", 80));
    EXPECT_FALSE(policy.host_allowed("bad.test.", 80));
}

TEST(EgressRules, DenyOfABlockReachesTheAddressesInsideCarriers) {
    const EgressRules policy = allowing({"64:ff9b::/96"}, {"8.8.8.0/24"});

    EXPECT_EQ(policy.judge(at("64:ff9b::8.8.8.8"), 80, ""), address);
    EXPECT_EQ(policy.judge(at("64:ff9b::8.8.4.4"), 80, ""), allowed);
}

TEST(EgressRules, AnExceptionLiftsThePortItNamesAndNoOther) {
    const EgressRules policy = allowing({"8.8.8.8:22", "10.0.0.0/8", "db.test:5432"});

    EXPECT_EQ(policy.judge(at("8.8.8.8"), 22, ""), allowed);
    EXPECT_EQ(policy.judge(at("8.8.8.9"), 22, ""), port);
    EXPECT_EQ(policy.judge(at("10.0.0.1"), 22, ""), port);
    EXPECT_EQ(policy.judge(at("10.9.9.9"), 5432, "db.test"), allowed);
    EXPECT_EQ(policy.judge(at("10.9.9.9"), 5432, "other.test"), port);
    EXPECT_TRUE(policy.port_possible(22));
    EXPECT_TRUE(policy.port_possible(5432));
    EXPECT_FALSE(policy.port_possible(25));
    EXPECT_FALSE(policy.port_possible(0));
}

TEST(EgressRules, AnAllowedNameMayHaveAnyAddressButMetadata) {
    const EgressRules policy = allowing({"build.corp:8080", "wiki"});

    EXPECT_EQ(policy.judge(at("192.168.1.5"), 8080, "build.corp"), allowed);
    EXPECT_EQ(policy.judge(at("192.168.1.5"), 80, "build.corp"), address);
    EXPECT_EQ(policy.judge(at("192.168.1.5"), 8080, "other.corp"), address);
    EXPECT_EQ(policy.judge(at("169.254.169.254"), 8080, "build.corp"), poisoned);
    EXPECT_TRUE(policy.host_allowed("wiki", 80));
    EXPECT_FALSE(policy.host_allowed("intranet", 80)) << "a single label";
}

TEST(EgressRules, Ssrf04MetadataNamesAreRefusedEvenWhenAllowed) {
    const EgressRules policy = allowing({"metadata.google.internal", "metadata"});

    EXPECT_FALSE(policy.host_allowed("metadata.google.internal", 80));
    EXPECT_FALSE(policy.host_allowed("metadata", 80));
}

TEST(EgressRules, Ssrf14OwnListenersAreBeyondEveryException) {
    const EgressRules policy = rules(
        {.allow = {"127.0.0.0/8", "::1", "0.0.0.0/0", "::/0"},
         .own_listeners = {{at("127.0.0.1"), 8080}}}
    );

    EXPECT_EQ(policy.judge(at("127.0.0.1"), 8080, ""), poisoned);
    EXPECT_EQ(policy.judge(at("::ffff:127.0.0.1"), 8080, ""), poisoned);
    EXPECT_EQ(policy.judge(at("0.0.0.0"), 8080, ""), poisoned);
    EXPECT_EQ(policy.judge(at("127.0.0.1"), 8081, ""), allowed);
    EXPECT_EQ(policy.judge(at("127.0.0.2"), 8080, ""), allowed) << "somebody else's";
}

TEST(EgressRules, Ssrf14AWildcardListenerIsEveryAddressOfTheMachine) {
    int asked = 0;
    const EgressRules policy = rules(
        {.allow = {"127.0.0.0/8", "::1", "10.0.0.0/8"},
         .own_listeners = {{at("0.0.0.0"), 8080}},
         .machine_addresses =
             [&asked] {
                 ++asked;
                 return std::vector{at("10.0.0.7"), at("198.51.100.7"), at("2606:4700::7")};
             }}
    );

    for (const char* text :
         {"127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "10.0.0.7", "::ffff:10.0.0.7",
          "2606:4700::7"}) {
        EXPECT_EQ(policy.judge(at(text), 8080, ""), poisoned) << text;
    }
    EXPECT_EQ(policy.judge(at("10.0.0.8"), 8080, ""), allowed);
    asked = 0;
    EXPECT_EQ(policy.judge(at("10.0.0.7"), 8081, ""), allowed);
    EXPECT_EQ(asked, 0) << "only a dial to our own port needs to know";
}

TEST(EgressRules, PersonalAllowsPrivateAddressesAndNeverMetadata) {
    const EgressRules policy = rules({.profile = egress_profile::personal});

    for (const char* text :
         {"127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "169.254.1.1",
          "fd00::1", "198.18.0.1", "8.8.8.8"}) {
        EXPECT_EQ(policy.judge(at(text), 8080, ""), allowed) << text;
    }
    for (const char* text :
         {"169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "168.63.129.16",
          "192.0.0.192"}) {
        EXPECT_EQ(policy.judge(at(text), 80, ""), poisoned) << text;
    }
    EXPECT_EQ(policy.judge(at("224.0.0.1"), 80, ""), address);
    EXPECT_EQ(policy.judge(at("0.0.0.0"), 80, ""), poisoned);
    EXPECT_TRUE(policy.host_allowed("nas", 80));
    EXPECT_FALSE(policy.host_allowed("metadata", 80));
    EXPECT_EQ(policy.judge(at("127.0.0.1"), 9200, ""), allowed);
    EXPECT_EQ(policy.judge(at("127.0.0.1"), 25, ""), port);
}

TEST(EgressRules, EveryFaultySettingIsReportedAtOnce) {
    const auto policy = EgressRules::make(
        {.allow = {"10.0.0.1/8", "fine.test"}, .deny = {"nonsense/"}, .ports = {"http"}}
    );

    ASSERT_FALSE(policy);
    EXPECT_EQ(policy.error().code, failure_code::request_invalid);
    for (const char* part : {"10.0.0.1/8", "nonsense/", "http"}) {
        EXPECT_NE(policy.error().detail.find(part), std::string::npos) << part;
    }
    EXPECT_EQ(policy.error().detail.find("fine.test"), std::string::npos);
}

TEST(MachineAddresses, IncludeLoopback) {
    const auto addresses = machine_addresses();

    EXPECT_NE(std::find(addresses.begin(), addresses.end(), at("127.0.0.1")), addresses.end());
}

}  // namespace
}  // namespace fanfetch
