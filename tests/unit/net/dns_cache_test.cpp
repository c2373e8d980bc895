#include "net/dns_cache.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

constexpr Steady::time_point start{};

Expected<Answer> answer(std::uint8_t last = 1) {
    return Answer{{IpAddress{V4Bytes{192, 0, 2, last}}}};
}

TEST(DnsCache, KeepsAnAnswerForItsTimeToLive) {
    DnsCache cache{10};

    cache.store("a.test", answer(), 60s, start);

    EXPECT_TRUE(cache.find("a.test", start + 59s));
    EXPECT_FALSE(cache.find("a.test", start + 60s));
    EXPECT_FALSE(cache.find("b.test", start));
    EXPECT_EQ(cache.size(), 0U) << "what expired is gone";
}

TEST(DnsCache, KeepsTimesToLiveWithinBounds) {
    DnsCache cache{10};

    cache.store("short.test", answer(), 0s, start);
    cache.store("long.test", answer(), 24h, start);

    EXPECT_TRUE(cache.find("short.test", start + 999ms));
    EXPECT_FALSE(cache.find("short.test", start + 1s));
    EXPECT_TRUE(cache.find("long.test", start + 3599s));
    EXPECT_FALSE(cache.find("long.test", start + 3600s));
}

TEST(DnsCache, RemembersThatANameDoesNotExistAndNoOtherFailure) {
    DnsCache cache{10};

    cache.store("none.test", failed(failure_code::dns_nxdomain, ""), 0s, start);
    cache.store("late.test", failed(failure_code::dns_timeout, ""), 0s, start);
    cache.store("broken.test", failed(failure_code::dns_failure, ""), 0s, start);

    ASSERT_TRUE(cache.find("none.test", start + 4s));
    EXPECT_EQ(cache.find("none.test", start + 4s)->error().code, failure_code::dns_nxdomain);
    EXPECT_FALSE(cache.find("none.test", start + 5s));
    EXPECT_FALSE(cache.find("late.test", start));
    EXPECT_FALSE(cache.find("broken.test", start));
}

TEST(DnsCache, TheNameLeastRecentlyUsedMakesRoom) {
    DnsCache cache{2};
    cache.store("a.test", answer(), 60s, start);
    cache.store("b.test", answer(), 60s, start);
    ASSERT_TRUE(cache.find("a.test", start));

    cache.store("c.test", answer(), 60s, start);

    EXPECT_EQ(cache.size(), 2U);
    EXPECT_TRUE(cache.find("a.test", start));
    EXPECT_FALSE(cache.find("b.test", start));
    EXPECT_TRUE(cache.find("c.test", start));
}

TEST(DnsCache, ANewAnswerReplacesTheOld) {
    DnsCache cache{2};

    cache.store("a.test", answer(1), 60s, start);
    cache.store("a.test", answer(2), 60s, start);

    EXPECT_EQ(cache.size(), 1U);
    EXPECT_EQ(
        (*cache.find("a.test", start))->addresses.front(), (IpAddress{V4Bytes{192, 0, 2, 2}})
    );
}

TEST(DnsCache, OfNoNamesRemembersNothing) {
    DnsCache cache{0};

    cache.store("a.test", answer(), 60s, start);

    EXPECT_FALSE(cache.find("a.test", start));
}

}  // namespace
}  // namespace fanfetch
