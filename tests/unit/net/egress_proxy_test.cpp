#include "net/egress_proxy.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(EgressProxy, ReadsHostAndPort) {
    const auto proxy = EgressProxy::parse("http://Proxy.Test:3128");

    ASSERT_TRUE(proxy);
    EXPECT_EQ(proxy->host, "proxy.test");
    EXPECT_EQ(proxy->port, 3128);
    EXPECT_EQ(proxy->authorization, "");
    EXPECT_EQ(EgressProxy::parse("http://[::1]:8080/")->host, "[::1]");
    EXPECT_EQ(EgressProxy::parse("http://proxy.test")->port, 80);
}

TEST(EgressProxy, ReadsUserAndPassword) {
    const auto proxy = EgressProxy::parse("http://Aladdin:open%20sesame@p:1");

    ASSERT_TRUE(proxy);
    EXPECT_EQ(proxy->authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617 §2
    EXPECT_EQ(EgressProxy::parse("http://u:a@b@p:1")->host, "p") << "the last @ counts";
    EXPECT_EQ(EgressProxy::parse("http://u@p:1")->authorization, "Basic dTo=");
    EXPECT_EQ(EgressProxy::parse("http://u:a:b@p:1")->authorization, "Basic dTphOmI=");
}

TEST(EgressProxy, RefusesTheRestWithoutRepeatingIt) {
    for (const char* text :
         {"", "p:1", "https://s3cret:s3cret@p:1", "socks5://p:1", "http://", "http://p:0",
          "http://p:99999", "http://p:1/s3cret", "http://p:1?s3cret", "http://p:1#s3cret",
          "http://:s3cret@p:1", "http://u%3a:s3cret@p:1", "http://u:s3cret%@p:1",
          "http://u:s3cret%0d%0a@p:1", "http://u:s3cret%zz@p:1"}) {
        const auto proxy = EgressProxy::parse(text);
        ASSERT_FALSE(proxy) << text;
        EXPECT_EQ(proxy.error().code, failure_code::request_invalid) << text;
        EXPECT_EQ(proxy.error().detail.find("s3cret"), std::string::npos) << text;
    }
}

TEST(EgressProxy, ShowsNoPassword) {
    EXPECT_EQ(without_password("http://u:s3c@ret@p:1"), "http://u:***@p:1");
    EXPECT_EQ(without_password("http://u@p:1"), "http://u@p:1");
    EXPECT_EQ(without_password("http://p:1"), "http://p:1");
    EXPECT_EQ(without_password(""), "");
}

}  // namespace
}  // namespace fanfetch
