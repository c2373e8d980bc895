#include "net/connect_reply.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanfetch {
namespace {

TEST(ConnectReply, ReadsTheStatusAndWhereTheHeaderEnds) {
    const std::string head = "HTTP/1.1 200 Connection established\r\nVia: squid\r\n\r\n";

    const auto reply = read_connect_reply(head + "tunnel");

    ASSERT_TRUE(reply && *reply);
    EXPECT_EQ((*reply)->status, 200);
    EXPECT_EQ((*reply)->size, head.size());
}

TEST(ConnectReply, EveryPrefixWantsMore) {
    const std::string head = "HTTP/1.0 407 Authentication\r\nProxy-Authenticate: Basic\r\n\r\n";
    for (std::size_t size = 0; size < head.size(); ++size) {
        const auto reply = read_connect_reply(std::string_view{head}.substr(0, size));
        ASSERT_TRUE(reply) << size;
        EXPECT_FALSE(reply->has_value()) << size;
    }
    EXPECT_TRUE(read_connect_reply(head)->has_value());
}

TEST(ConnectReply, TakesWhatLenientProxiesSend) {
    for (const char* head :
         {"HTTP/1.1 200\r\n\r\n", "HTTP/1.1 200 \n\n", "HTTP/1.1 200\n\r\n",
          "HTTP/1.9 200 OK\r\nbroken line\r\n\r\n"}) {
        const auto reply = read_connect_reply(head);
        ASSERT_TRUE(reply && *reply) << head;
        EXPECT_EQ((*reply)->status, 200);
    }
}

TEST(ConnectReply, RefusesWhatIsNotHttpAsSoonAsItShows) {
    for (const char* bytes :
         {"h", "SSH-2.0", "HTTP/2 200", "HTTP/1.1  200", "HTTP/1.1 2x0", "HTTP/1.1 2000 OK",
          "HTTP/1.x", "\r\n", "ICY 200 OK"}) {
        const auto reply = read_connect_reply(bytes);
        ASSERT_FALSE(reply) << bytes;
        EXPECT_EQ(reply.error().code, failure_code::connect_unreachable);
    }
}

TEST(ConnectReply, RefusesAHeaderWithoutEnd) {
    const std::string endless = "HTTP/1.1 200 OK\r\n" + std::string(longest_connect_reply, 'x');

    EXPECT_FALSE(read_connect_reply(endless));
    EXPECT_FALSE(read_connect_reply(endless + "\r\n\r\n"));
}

TEST(ConnectReply, ARefusalNamesTheProxyAndNothingElse) {
    const std::pair<int, failure_code> refusals[] = {
        {407, failure_code::connect_refused},     {403, failure_code::connect_refused},
        {101, failure_code::connect_refused},     {302, failure_code::connect_refused},
        {500, failure_code::connect_unreachable}, {502, failure_code::connect_unreachable},
        {503, failure_code::connect_unreachable}, {504, failure_code::connect_timeout},
    };
    for (const auto& [status, code] : refusals) {
        const auto failure = proxy_refusal(static_cast<std::uint16_t>(status));
        EXPECT_EQ(failure.code, code) << status;
        EXPECT_NE(failure.detail.find("the egress proxy"), std::string::npos);
        EXPECT_NE(failure.detail.find(std::to_string(status)), std::string::npos);
    }
}

}  // namespace
}  // namespace fanfetch
