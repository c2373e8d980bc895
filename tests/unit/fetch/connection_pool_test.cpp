#include "fetch/connection_pool.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace fanfetch
