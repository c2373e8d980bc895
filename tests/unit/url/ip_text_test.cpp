#include "url/ip_text.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>

#include <array>

namespace fanfetch {
namespace {

TEST(IpText, TellsNumbersFromNames) {
    for (const auto* host :
         {"1", "a.1", "a.1.", "0x", "0x1F", "a.0X1f", "08", "a.b.09", "1.2.3.4"}) {
        EXPECT_TRUE(ends_in_number(host)) << host;
    }
    for (const auto* host : {"", ".", "..", "a", "1.a", "1..", "0xg", "1a", "a.1e3", "-1"}) {
        EXPECT_FALSE(ends_in_number(host)) << host;
    }
}

TEST(IpText, TheLastNumberFillsWhatIsLeft) {
    EXPECT_EQ(parse_ipv4("1"), (Ipv4Bytes{0, 0, 0, 1}));
    EXPECT_EQ(parse_ipv4("1.65538"), (Ipv4Bytes{1, 1, 0, 2}));
    EXPECT_EQ(parse_ipv4("1.2.770"), (Ipv4Bytes{1, 2, 3, 2}));
    EXPECT_EQ(parse_ipv4("4294967295"), (Ipv4Bytes{255, 255, 255, 255}));
    EXPECT_EQ(parse_ipv4("4294967296"), std::nullopt);
    EXPECT_EQ(parse_ipv4(""), std::nullopt);
    EXPECT_EQ(parse_ipv4("."), std::nullopt);
}

/// An address with many zeros, so that there is something to compress.
Ipv6Bytes random_address(Random& random) {
    Ipv6Bytes address{};
    const auto dice = random.bits();
    for (std::size_t i = 0; i < address.size(); ++i) {
        const bool set = (dice >> i & 1U) != 0 && (dice >> (32 + i / 2) & 1U) != 0;
        address[i] = set ? static_cast<std::uint8_t>(random.bits()) : std::uint8_t{0};
    }
    return address;
}

TEST(IpText, Ipv6SurvivesTheRoundTripAndTheSystemReadsTheSame) {
    FastRandom random{6};
    for (int round = 0; round < 100'000; ++round) {
        const auto address = random_address(random);
        const auto text = format_ipv6(address);
        ASSERT_EQ(parse_ipv6(text), address) << text;
        Ipv6Bytes by_system{};
        ASSERT_EQ(inet_pton(AF_INET6, text.c_str(), by_system.data()), 1) << text;
        ASSERT_EQ(by_system, address) << text;
    }
}

TEST(IpText, Ipv6AgreesWithTheSystemOnRandomText) {
    constexpr auto pieces =
        std::to_array<std::string_view>({":", "::", "0", "1", "f", "fffF", "00001", ".", "1.2.3.4"}
        );
    FastRandom random{64};
    for (int round = 0; round < 100'000; ++round) {
        std::string text;
        for (auto count = random.up_to(17); count > 0; --count) {
            text += pieces[random.up_to(pieces.size() - 1)];
        }
        Ipv6Bytes by_system{};
        const bool readable = inet_pton(AF_INET6, text.c_str(), by_system.data()) == 1;
        const auto address = parse_ipv6(text);
        ASSERT_EQ(address.has_value(), readable) << text;
        ASSERT_TRUE(!address || *address == by_system) << text;
    }
}

TEST(IpText, Ipv4SurvivesTheRoundTrip) {
    FastRandom random{4};
    for (int round = 0; round < 10'000; ++round) {
        const auto bits = random.bits();
        const Ipv4Bytes address{
            static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(bits >> 8U),
            static_cast<std::uint8_t>(bits >> 16U), static_cast<std::uint8_t>(bits >> 24U)};
        const auto text = format_ipv4(address);
        ASSERT_EQ(parse_ipv4(text), address) << text;
        ASSERT_TRUE(ends_in_number(text)) << text;
    }
}

}  // namespace
}  // namespace fanfetch
