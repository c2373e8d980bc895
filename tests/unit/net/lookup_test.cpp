#include "net/lookup.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

constexpr Steady::time_point start{};
constexpr Steady::time_point deadline = start + 5s;

DnsReply reply(reply_status status) {
    return DnsReply{status, {}, 0s};
}

DnsReply found(std::string_view address, std::chrono::seconds ttl = 60s) {
    return DnsReply{reply_status::found, {IpAddress::parse(address).value()}, ttl};
}

failure_code code_of(const std::optional<Expected<Answer>>& outcome) {
    return !outcome || outcome->has_value() ? failure_code::none : outcome->error().code;
}

TEST(Lookup, PutsBothRepliesTogether) {
    Lookup lookup{deadline};

    lookup.add(record_type::a, found("192.0.2.1", 60s), start);
    lookup.add(record_type::aaaa, found("2001:db8::1", 30s), start);

    const auto outcome = lookup.outcome(start);
    ASSERT_TRUE(outcome && *outcome);
    EXPECT_EQ((*outcome)->addresses.size(), 2U);
    EXPECT_TRUE((*outcome)->addresses.front().v6());
    EXPECT_EQ(lookup.ttl(), 30s);
}

TEST(Lookup, WithIpv4InHandWaitsALittleForIpv6) {
    Lookup lookup{deadline};

    lookup.add(record_type::a, found("192.0.2.1"), start + 1s);

    EXPECT_FALSE(lookup.outcome(start + 1s));
    EXPECT_FALSE(lookup.outcome(start + 1s + 49ms));
    EXPECT_TRUE(lookup.outcome(start + 1s + 50ms));
}

TEST(Lookup, WithIpv6InHandWaitsForIpv4ToTheEnd) {
    Lookup lookup{deadline};

    lookup.add(record_type::aaaa, found("2001:db8::1", 7s), start);

    EXPECT_FALSE(lookup.outcome(deadline - 1ms));
    ASSERT_TRUE(lookup.outcome(deadline));
    EXPECT_TRUE(*lookup.outcome(deadline));
    EXPECT_EQ(lookup.ttl(), 7s);
}

TEST(Lookup, WithoutAnyReplyIsLateAtTheDeadline) {
    const Lookup lookup{deadline};

    EXPECT_FALSE(lookup.outcome(deadline - 1ms));
    EXPECT_EQ(code_of(lookup.outcome(deadline)), failure_code::dns_timeout);
}

TEST(Lookup, TheFailureIsTheOneMoreLikelyToPass) {
    const auto outcome_of = [](reply_status a, reply_status aaaa) {
        Lookup lookup{deadline};
        lookup.add(record_type::a, reply(a), start);
        lookup.add(record_type::aaaa, reply(aaaa), start);
        return code_of(lookup.outcome(start));
    };
    using enum reply_status;

    EXPECT_EQ(outcome_of(empty, empty), failure_code::dns_nxdomain);
    EXPECT_EQ(outcome_of(empty, late), failure_code::dns_timeout);
    EXPECT_EQ(outcome_of(failed, late), failure_code::dns_timeout);
    EXPECT_EQ(outcome_of(failed, empty), failure_code::dns_failure);
}

TEST(Lookup, OneKindOfAddressIsEnough) {
    Lookup lookup{deadline};

    lookup.add(record_type::aaaa, reply(reply_status::failed), start);
    lookup.add(record_type::a, found("192.0.2.1"), start);

    ASSERT_TRUE(lookup.outcome(start));
    EXPECT_TRUE(*lookup.outcome(start));
}

}  // namespace
}  // namespace fanfetch
