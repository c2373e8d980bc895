#include "http/server_target.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

failure_code code_of(std::string_view target) {
    const auto parts = parse_request_target(target);
    return parts ? failure_code::none : parts.error().code;
}

TEST(RequestTarget, DecodesPathSegmentsAndQuery) {
    const auto parts = parse_request_target("/a%20b/c+d?x=1&y&x=%2F+z&=&&w=a%3Db");

    ASSERT_TRUE(parts.has_value());
    EXPECT_EQ(parts->path, "/a b/c+d");
    const QueryParameters expected{{"x", "1"}, {"y", ""}, {"x", "/ z"}, {"", ""}, {"w", "a=b"}};
    EXPECT_EQ(parts->query, expected);
}

TEST(RequestTarget, ReadsTheAbsoluteAndTheAsteriskForm) {
    const auto absolute = parse_request_target("HTTP://a.test:80/x?y=z");
    const auto bare = parse_request_target("http://a.test");
    const auto question = parse_request_target("http://a.test?y");

    ASSERT_TRUE(absolute.has_value());
    EXPECT_EQ(absolute->authority, "a.test:80");
    EXPECT_EQ(absolute->path, "/x");
    ASSERT_TRUE(bare.has_value());
    EXPECT_EQ(bare->path, "/");
    ASSERT_TRUE(question.has_value());
    EXPECT_EQ(question->path, "/");
    EXPECT_EQ(question->query.size(), 1U);
    EXPECT_EQ(parse_request_target("*")->path, "*");
}

TEST(RequestTarget, Path03NoPathIsReadInTwoWays) {
    for (const auto* nobody :
         {"/a%2fb", "/a%5Cb", "/..", "/%2e%2E/a", "/./a", "//a", "/a//b", "/a/."}) {
        EXPECT_EQ(code_of(nobody), failure_code::api_not_found) << nobody;
    }
    for (const auto* unreadable :
         {"/%00", "/%", "/%4", "/%zz", "/%c0%ae", "/%ed%a0%80", "/%0a", "/%7f", "a", "ftp://a/",
          "http:///a"}) {
        EXPECT_EQ(code_of(unreadable), failure_code::api_bad_request) << unreadable;
    }
    for (const auto* query : {"/?%", "/?a=%ff", "/?a=%00", "/?%0a=1"}) {
        EXPECT_EQ(code_of(query), failure_code::api_bad_parameter) << query;
    }
}

}  // namespace
}  // namespace fanfetch
