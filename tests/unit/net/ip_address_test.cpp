#include "net/ip_address.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(IpAddress, ReadsItsOneSpellingAndWritesItBack) {
    for (const char* text :
         {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1",
          "fe80::a9fe:a9fe"}) {
        const auto address = IpAddress::parse(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(to_string(*address), text);
    }
}

TEST(IpAddress, Ssrf02RefusesEveryOtherSpellingOfIpv4) {
    for (const char* text :
         {"2130706433", "017700000001", "0x7f000001", "0x7f.1", "127.1", "127.0.1", "0177.0.0.1",
          "127.0.0.01", "127.0.0.1.", "0x7f.0.0.1", "127.0.0.256", "127.0.0.0.1", " 127.0.0.1",
          "127.0.0.1 ", "", "127.0.0", "127..0.1"}) {
        EXPECT_FALSE(IpAddress::parse(text)) << text;
    }
}

TEST(IpAddress, Ssrf03RefusesZonesBracketsAndWhatIsTooLong) {
    using namespace std::literals;
    for (const std::string_view text :
         {"fe80::1%eth0"sv, "fe80::1%1"sv, "[::1]"sv, ":::1"sv, "::1::"sv, "1:2:3:4:5:6:7:8:9"sv,
          "12345::"sv, "v1.x"sv, "::1\0"sv, "::ffff:127.0.0.1.1"sv,
          "0000:0000:0000:0000:0000:0000:0000:0000:0000:0001"sv}) {
        EXPECT_FALSE(IpAddress::parse(text)) << text;
    }
}

TEST(IpAddress, ReadsEndpointsWithAndWithoutPort) {
    EXPECT_EQ(to_string(parse_endpoint("192.0.2.1", 53).value()), "192.0.2.1:53");
    EXPECT_EQ(to_string(parse_endpoint("192.0.2.1:5353", 53).value()), "192.0.2.1:5353");
    EXPECT_EQ(to_string(parse_endpoint("2001:db8::1", 53).value()), "[2001:db8::1]:53");
    EXPECT_EQ(to_string(parse_endpoint("[2001:db8::1]:5353", 53).value()), "[2001:db8::1]:5353");
    for (const char* text :
         {"", "dns.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "[192.0.2.1]:53",
          "[::1]", "::1:x", "192.0.2.1:53 "}) {
        EXPECT_FALSE(parse_endpoint(text, 53)) << text;
    }
}

TEST(Cidr, ContainsItsFirstAndLastAndNothingBeside) {
    const auto block = Cidr::parse("10.32.0.0/11").value();

    EXPECT_TRUE(block.contains(IpAddress::parse("10.32.0.0").value()));
    EXPECT_TRUE(block.contains(IpAddress::parse("10.63.255.255").value()));
    EXPECT_FALSE(block.contains(IpAddress::parse("10.31.255.255").value()));
    EXPECT_FALSE(block.contains(IpAddress::parse("10.64.0.0").value()));
    EXPECT_FALSE(block.contains(IpAddress::parse("::ffff:10.32.0.0").value()));
}

TEST(Cidr, OfPrefixZeroContainsItsWholeFamily) {
    EXPECT_TRUE(Cidr::parse("0.0.0.0/0")->contains(IpAddress::parse("255.0.0.1").value()));
    EXPECT_FALSE(Cidr::parse("0.0.0.0/0")->contains(IpAddress::parse("::1").value()));
    EXPECT_TRUE(Cidr::parse("::/0")->contains(IpAddress::parse("ffff::1").value()));
}

TEST(Cidr, RefusesPrefixesThatDoNotFitAndBitsBeyondThem) {
    for (const char* text :
         {"10.0.0.0/33", "::/129", "10.0.0.1/8", "fd00::1/8", "10.0.0.0/", "10.0.0.0/-1",
          "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/ 8", "/8"}) {
        EXPECT_FALSE(Cidr::parse(text)) << text;
    }
}

}  // namespace
}  // namespace fanfetch
