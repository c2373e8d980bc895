#include "http/conditional.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

precondition judge(
    http::field name, std::string_view value, std::string_view etag,
    http::verb method = http::verb::get
) {
    http::fields headers;
    headers.set(name, value);
    return judge_conditions(headers, method, etag);
}

TEST(Conditional, IfNoneMatchComparesWeakly) {
    using enum precondition;
    const auto if_none_match = http::field::if_none_match;

    EXPECT_EQ(judge(if_none_match, "\"a\"", "\"a\""), not_modified);
    EXPECT_EQ(judge(if_none_match, "W/\"a\"", "\"a\""), not_modified);
    EXPECT_EQ(judge(if_none_match, "\"x\", \"a\"", "\"a\""), not_modified);
    EXPECT_EQ(judge(if_none_match, "\"a,b\", \"c\"", "\"c\""), not_modified);
    EXPECT_EQ(judge(if_none_match, "*", "\"a\""), not_modified);
    EXPECT_EQ(judge(if_none_match, "*", ""), proceed);
    EXPECT_EQ(judge(if_none_match, "\"b\"", "\"a\""), proceed);
    EXPECT_EQ(judge(if_none_match, "a", "\"a\""), proceed);
    EXPECT_EQ(judge(if_none_match, "\"a", "\"a\""), proceed);
    EXPECT_EQ(judge(if_none_match, "\"a\"", "\"a\"", http::verb::delete_), failed);
}

TEST(Conditional, TagOfACodingStandsForTheState) {
    EXPECT_EQ(etag_of_coding("\"a\"", "gzip"), "\"a-gzip\"");
    EXPECT_EQ(judge(http::field::if_none_match, "\"a-gzip\"", "\"a\""), precondition::not_modified);
}

TEST(Conditional, IfMatchComparesStrongly) {
    using enum precondition;
    const auto if_match = http::field::if_match;

    EXPECT_EQ(judge(if_match, "\"a\"", "\"a\""), proceed);
    EXPECT_EQ(judge(if_match, "*", "\"a\""), proceed);
    EXPECT_EQ(judge(if_match, "W/\"a\"", "\"a\""), failed);
    EXPECT_EQ(judge(if_match, "\"b\"", "\"a\""), failed);
    EXPECT_EQ(judge(if_match, "*", ""), failed);
    EXPECT_EQ(judge_conditions({}, http::verb::get, "\"a\""), proceed);
}

TEST(Conditional, IfRangeWantsTheVeryTag) {
    const auto holds = [](std::string_view value) {
        http::fields headers;
        headers.set(http::field::if_range, value);
        return if_range_holds(headers, "\"a\"");
    };

    EXPECT_TRUE(if_range_holds({}, "\"a\""));
    EXPECT_TRUE(holds("\"a\""));
    EXPECT_FALSE(holds("W/\"a\""));
    EXPECT_FALSE(holds("\"a-gzip\""));
    EXPECT_FALSE(holds("Sun, 06 Nov 1994 08:49:37 GMT"));
}

TEST(Conditional, A304RepeatsTheTagThatMatched) {
    http::fields fields;
    EXPECT_EQ(matched_etag(fields, "\"a\""), "\"a\"");
    fields.set("If-None-Match", "\"b\", W/\"a-gzip\", \"a\"");
    EXPECT_EQ(matched_etag(fields, "\"a\""), "\"a-gzip\"");
    fields.set("If-None-Match", "*");
    EXPECT_EQ(matched_etag(fields, "\"a\""), "\"a\"");
}

}  // namespace
}  // namespace fanfetch
