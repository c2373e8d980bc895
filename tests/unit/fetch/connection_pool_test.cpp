#include "fetch/connection_pool.hpp"

#include "coro/event_loop.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace fanfetch {
namespace {

std::string key(const char* url, tls_verify verify, const char* tenant) {
    return ConnectionPool::key(Url::parse(url).value(), verify, tenant);
}

TEST(ConnectionPoolKey, Ssrf19Tls20OriginPolicyAndTenantAllCount) {
    using enum tls_verify;
    const std::multiset<std::string> keys{
        key("https://a.test/", strict, "t"),    key("https://a.test/", label, "t"),
        key("https://a.test/", off, "t"),       key("https://a.test/", strict, "u"),
        key("https://a.test/", strict, ""),     key("https://a.test:444/", strict, "t"),
        key("https://b.test/", strict, "t"),    key("http://a.test/", strict, "t"),
        key("http://a.test:443/", strict, "t"), key("https://a.test:80/", strict, "t"),
        key("https://[::1]/", strict, "t"),     key("https://a.test.t/", strict, ""),
    };

    for (const auto& one : keys) {
        EXPECT_EQ(keys.count(one), 1U) << one;
    }
}

TEST(ConnectionPoolKey, PathQueryAndFragmentDoNot) {
    EXPECT_EQ(
        key("https://a.test/x?y#z", tls_verify::strict, "t"),
        key("https://a.test:443/", tls_verify::strict, "t")
    );
}

/// Connections that nobody is at the other end of: what counts is whose place they have.
class ConnectionPoolTest : public ::testing::Test {
protected:
    std::unique_ptr<Connection> connection_to(const IpAddress& address) {
        auto connection = std::make_unique<Connection>(loop_.executor());
        const PlaceClient client{
            loop_.executor(), std::make_shared<Wakeup>(loop_.executor()), {}, {}, false};
        PlaceWish wish{places_, client, address};
        connection->place = wish.take_place();
        return connection;
    }

    EventLoop loop_{"test"};
    AddressPlaces places_{100};
    ConnectionPool pool_{ConnectionPool::Limits{}};
};

TEST_F(ConnectionPoolTest, GivesUpTheOldestOfAnAddressAndNoOthers) {
    const IpAddress here{V4Bytes{192, 0, 2, 1}};
    const IpAddress there{V4Bytes{192, 0, 2, 2}};
    for (int i = 0; i < 3; ++i) {
        pool_.put("a", connection_to(here), Steady::now());
        pool_.put("b", connection_to(there), Steady::now());
        pool_.put("c", std::make_unique<Connection>(loop_.executor()), Steady::now());
    }

    EXPECT_EQ(pool_.give_up(here, 2), 2U);

    EXPECT_EQ(places_.taken(here), 1U);
    EXPECT_EQ(places_.taken(there), 3U);
    EXPECT_EQ(pool_.size(), 7U);
    EXPECT_EQ(pool_.give_up(here, 2), 1U) << "there are no more";
    EXPECT_EQ(pool_.give_up(here, 2), 0U);
}

}  // namespace
}  // namespace fanfetch
