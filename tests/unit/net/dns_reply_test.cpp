#include "net/dns_reply.hpp"

#include "support/dns_message.hpp"

#include <ares.h>
#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using testing::DnsMessage;

IpAddress at(std::string_view text) {
    return IpAddress::parse(text).value();
}

TEST(DnsReply, ReadsEveryAddressAndTheShortestTimeToLive) {
    const auto message = DnsMessage{"a.test", record_type::a}
                             .address("a.test", at("192.0.2.1"), 300s)
                             .address("a.test", at("192.0.2.2"), 60s)
                             .bytes();

    const DnsReply reply = read_reply(record_type::a, message);

    EXPECT_EQ(reply.status, reply_status::found);
    EXPECT_EQ(reply.addresses, (std::vector{at("192.0.2.1"), at("192.0.2.2")}));
    EXPECT_EQ(reply.ttl, 60s);
}

TEST(DnsReply, AnAliasCanShortenTheTimeToLive) {
    const auto message = DnsMessage{"a.test", record_type::aaaa}
                             .alias("a.test", "b.test", 5s)
                             .address("b.test", at("2001:db8::1"), 300s)
                             .bytes();

    const DnsReply reply = read_reply(record_type::aaaa, message);

    EXPECT_EQ(reply.addresses, std::vector{at("2001:db8::1")});
    EXPECT_EQ(reply.ttl, 5s);
}

TEST(DnsReply, Ssrf20ReadsTwoHundredAddresses) {
    DnsMessage message{"many.test", record_type::a};
    for (int i = 0; i < 200; ++i) {
        message.address("many.test", IpAddress{V4Bytes{8, 8, 8, static_cast<std::uint8_t>(i)}}, 1s);
    }

    EXPECT_EQ(read_reply(record_type::a, message.bytes()).addresses.size(), 200U);
}

TEST(DnsReply, AnAliasToNowhereIsEmpty) {
    const auto message = DnsMessage{"a.test", record_type::a}.alias("a.test", "b.test", 5s).bytes();

    EXPECT_EQ(read_reply(record_type::a, message).status, reply_status::empty);
}

TEST(DnsReply, ACutMessageIsNeverMistakenForAnAnswer) {
    const auto message =
        DnsMessage{"a.test", record_type::a}.address("a.test", at("192.0.2.1"), 300s).bytes();

    for (std::size_t size = 0; size < message.size(); ++size) {
        const DnsReply reply = read_reply(record_type::a, std::span{message}.first(size));
        EXPECT_NE(reply.status, reply_status::found) << size;
    }
}

TEST(DnsReply, Ups16ACompressionLoopIsAFailure) {
    auto message =
        DnsMessage{"a.test", record_type::a}.address("a.test", at("192.0.2.1"), 300s).bytes();
    const std::size_t answer_name = message.size() - 16;  // points at the question's name
    message[answer_name] = 0xc0;
    message[answer_name + 1] = static_cast<std::uint8_t>(answer_name);

    EXPECT_EQ(read_reply(record_type::a, message).status, reply_status::failed);
}

TEST(DnsReply, ErrorsOfTheLibraryHaveTheirStatus) {
    EXPECT_EQ(reply_of_error(ARES_ENOTFOUND).status, reply_status::empty);
    EXPECT_EQ(reply_of_error(ARES_ENODATA).status, reply_status::empty);
    EXPECT_EQ(reply_of_error(ARES_EBADNAME).status, reply_status::empty);
    EXPECT_EQ(reply_of_error(ARES_ETIMEOUT).status, reply_status::late);
    EXPECT_EQ(reply_of_error(ARES_ESERVFAIL).status, reply_status::failed);
    EXPECT_EQ(reply_of_error(ARES_EDESTRUCTION).status, reply_status::failed);
}

}  // namespace
}  // namespace fanfetch
