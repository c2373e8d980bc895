#include "net/egress_entry.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

IpAddress at(std::string_view text) {
    return IpAddress::parse(text).value();
}

TEST(EgressEntry, ReadsAddressesBlocksAndPorts) {
    EXPECT_TRUE(EgressEntry::parse("10.0.0.0/8")->covers(at("10.1.2.3")));
    EXPECT_EQ(EgressEntry::parse("10.0.0.0/8")->port, std::nullopt);
    EXPECT_EQ(EgressEntry::parse("10.0.0.0/8:8080")->port, 8080);
    EXPECT_EQ(EgressEntry::parse("127.0.0.1:8080")->port, 8080);
    EXPECT_FALSE(EgressEntry::parse("127.0.0.1:8080")->covers(at("127.0.0.2")));
    EXPECT_TRUE(EgressEntry::parse("fd00::/8")->covers(at("fd12::1")));
    EXPECT_TRUE(EgressEntry::parse("::1")->covers(at("::1")));
    EXPECT_EQ(EgressEntry::parse("[::1]:8080")->port, 8080);
    EXPECT_EQ(EgressEntry::parse("[fd00::/8]:443")->port, 443);
    EXPECT_TRUE(EgressEntry::parse("[::1]")->covers(at("::1")));
}

TEST(EgressEntry, ThatNamesOnlyAMetadataServiceIsNeverAllowed) {
    for (const auto* text :
         {"169.254.169.254", "169.254.169.254/32:80", "100.100.100.200", "[fd00:ec2::254]:80",
          "metadata.google.internal", "Metadata.Google.Internal."}) {
        EXPECT_TRUE(EgressEntry::parse(text)->never_allowed()) << text;
    }
    for (const auto* text :
         {"169.254.0.0/16", "0.0.0.0/0", "::/0", "169.254.1.1", "10.0.0.1", "*.google.internal",
          "a.example"}) {
        EXPECT_FALSE(EgressEntry::parse(text)->never_allowed()) << text << ": more than that";
    }
}

TEST(EgressEntry, ReadsHostNamesWhateverTheirCase) {
    const auto entry = EgressEntry::parse("Intranet.Example.:8443").value();

    EXPECT_TRUE(entry.covers("intranet.example"));
    EXPECT_TRUE(entry.covers("intranet.example."));
    EXPECT_FALSE(entry.covers("x.intranet.example"));
    EXPECT_FALSE(entry.covers("intranet.example.evil.test"));
    EXPECT_EQ(entry.port, 8443);
}

TEST(EgressEntry, ASubtreeIsTheNamesBelow) {
    const auto entry = EgressEntry::parse("*.corp.example").value();

    EXPECT_TRUE(entry.covers("a.corp.example"));
    EXPECT_TRUE(entry.covers("a.b.corp.example"));
    EXPECT_FALSE(entry.covers("corp.example"));
    EXPECT_FALSE(entry.covers("evilcorp.example"));
    EXPECT_FALSE(entry.covers(".corp.example"));
}

TEST(EgressEntry, RefusesWhatMeansNothing) {
    for (const char* text :
         {"",
          ":80",
          "10.0.0.1/8",
          "10.0.0.0/33",
          "127.1",
          "0x7f.1",
          "1.2.3",
          "10.0.0.0/8:0",
          "10.0.0.0/8:65536",
          "10.0.0.0/8:http",
          "example.com:",
          "exam ple.com",
          "example..com",
          "*",
          "*.",
          "a.*.example",
          "http://example.com",
          "[10.0.0.1]:80",
          "[::1",
          "[::1]80",
          "[example.com]:80",
          "::1]:80",
          "fe80::1%eth0",
          "bücher.example"}) {
        const auto entry = EgressEntry::parse(text);
        ASSERT_FALSE(entry) << text;
        EXPECT_EQ(entry.error().code, failure_code::request_invalid);
        EXPECT_NE(entry.error().detail.find(text), std::string::npos);
    }
}

}  // namespace
}  // namespace fanfetch
