#include "model/redirect_policy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace fanfetch {
namespace {

HopRequest request(const std::string& url, const std::string& method = "GET") {
    return {Url::parse(url).value(), method, {}, {}};
}

bool has(const HopRequest& hop, const std::string& name) {
    return std::ranges::any_of(hop.headers, [&](const auto& field) { return field.name == name; });
}

TEST(RedirectPolicy, FollowsRelativeAndAbsoluteTargets) {
    EXPECT_EQ(
        next_hop(request("http://a.test/x/y"), 302, "z?q", 0, {})->url.href(), "http://a.test/x/z?q"
    );
    EXPECT_EQ(
        next_hop(request("http://a.test/x"), 302, "//b.test/", 0, {})->url.href(), "http://b.test/"
    );
    EXPECT_EQ(
        next_hop(request("http://a.test/x"), 302, "https://c.test/", 0, {})->url.href(),
        "https://c.test/"
    );
}

TEST(RedirectPolicy, Ups13TheMethodChangesAsTheFetchStandardSays) {
    struct Case {
        std::uint16_t status;
        const char* method;
        const char* then;
    };
    for (const auto& [status, method, then] :
         {Case{301, "POST", "GET"},
          {302, "POST", "GET"},
          {303, "POST", "GET"},
          {303, "PUT", "GET"},
          {303, "HEAD", "HEAD"},
          {301, "PUT", "PUT"},
          {307, "POST", "POST"},
          {308, "POST", "POST"},
          {302, "GET", "GET"}}) {
        auto from = request("http://a.test/", method);
        from.body = "data";
        from.headers = {{"Content-Type", "text/plain"}, {"X-Kept", "1"}};
        const auto hop = next_hop(from, status, "/b", 0, {});
        ASSERT_TRUE(hop);
        EXPECT_EQ(hop->method, then) << status << ' ' << method;
        const bool rewritten = std::string{method} != then;
        EXPECT_EQ(hop->body.empty(), rewritten);
        EXPECT_EQ(has(*hop, "Content-Type"), !rewritten);
        EXPECT_TRUE(has(*hop, "X-Kept"));
    }
}

TEST(RedirectPolicy, Ups13CredentialsAreDroppedAcrossOriginsAndNeverRestored) {
    for (const char* target :
         {"http://b.test/", "https://a.test/", "http://a.test:8080/", "//b.test/"}) {
        auto from = request("http://a.test/");
        from.headers = {
            {"AUTHORIZATION", "secret"},
            {"cookie", "secret"},
            {"X-Api-Key", "secret"},
            {"X-Marked", "secret", true},
            {"Accept", "x"}};
        auto hop = next_hop(from, 302, target, 0, {});
        ASSERT_TRUE(hop);
        EXPECT_FALSE(has(*hop, "AUTHORIZATION")) << target;
        EXPECT_FALSE(has(*hop, "cookie")) << target;
        EXPECT_FALSE(has(*hop, "X-Api-Key")) << target;
        EXPECT_FALSE(has(*hop, "X-Marked")) << target;
        EXPECT_TRUE(has(*hop, "Accept"));
        auto back = next_hop(*hop, 302, "http://a.test/", 1, {});
        ASSERT_TRUE(back);
        EXPECT_FALSE(has(*back, "AUTHORIZATION")) << "not restored on the way back";
    }
}

TEST(RedirectPolicy, CredentialsStayWithinTheOrigin) {
    auto from = request("http://a.test/");
    from.headers = {{"Authorization", "secret"}};

    EXPECT_TRUE(has(*next_hop(from, 302, "/elsewhere", 0, {}), "Authorization"));
}

TEST(RedirectPolicy, StopsAtItsLimit) {
    RedirectOptions options;
    options.max = 2;
    EXPECT_TRUE(next_hop(request("http://a.test/"), 302, "/1", 1, options));
    EXPECT_EQ(
        next_hop(request("http://a.test/"), 302, "/2", 2, options).error().code,
        failure_code::http_redirect_limit
    );
}

TEST(RedirectPolicy, RefusesWhereItMayNotGo) {
    RedirectOptions home;
    home.cross_origin = false;
    EXPECT_EQ(
        next_hop(request("http://a.test/"), 302, "http://b.test/", 0, home).error().code,
        failure_code::http_redirect_cross_origin
    );
    EXPECT_EQ(
        next_hop(request("http://a.test/"), 302, "http://", 0, {}).error().code,
        failure_code::http_redirect_invalid
    );
    for (const char* target : {"file:///etc/passwd", "gopher://b.test/", "javascript:1"}) {
        EXPECT_EQ(
            next_hop(request("http://a.test/"), 302, target, 0, {}).error().code,
            failure_code::url_scheme
        ) << target;
    }
}

}  // namespace
}  // namespace fanfetch
