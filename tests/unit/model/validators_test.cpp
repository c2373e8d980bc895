#include "model/validators.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(Validators, AnEntityTagHasItsQuotes) {
    for (const char* tag : {R"("abc")", R"(W/"abc")", R"("")", R"("a,b'c")", R"("67-\1")"}) {
        EXPECT_TRUE(is_entity_tag(tag)) << tag;
    }
    for (const char* text :
         {"", "abc", "\"", "\"abc", "abc\"", "w/\"abc\"", "W/abc", "*", "\"a\"b\"", "\"a\", \"b\"",
          "\"a b\"", "\"a\r\nX: y\"", "\"\xC3\xA9\"", "\"\x7F\""}) {
        EXPECT_FALSE(is_entity_tag(text)) << text;
    }
}

TEST(Validators, AnHttpDateHasItsForm) {
    EXPECT_TRUE(is_http_date("Sun, 06 Nov 1994 08:49:37 GMT"));
    EXPECT_TRUE(is_http_date("Tue, 29 Feb 2028 23:59:60 GMT"));
    for (const char* text :
         {"", "Sun, 6 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
          "Son, 06 Nov 1994 08:49:37 GMT", "unM, 06 Nov 1994 08:49:37 GMT",
          "Sun, 06 nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z",
          "Sun, 06 Nov 1994 08:49:37 GMT "}) {
        EXPECT_FALSE(is_http_date(text)) << text;
    }
}

TEST(Validators, BecomeTheFieldsOfARequest) {
    const Conditional both{"\"abc\"", "Sun, 06 Nov 1994 08:49:37 GMT"};

    EXPECT_EQ(
        condition_fields(both),
        (std::vector<HeaderField>{
            {"If-None-Match", "\"abc\""}, {"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}})
    );
    EXPECT_TRUE(condition_fields({}).empty());
}

TEST(Validators, ACallersOwnConditionIsOneToo) {
    EXPECT_TRUE(asked_conditionally({{"Accept", "*/*"}, {"if-none-match", "\"abc\""}}));
    EXPECT_TRUE(asked_conditionally({{"IF-MODIFIED-SINCE", "Sun, 06 Nov 1994 08:49:37 GMT"}}));
    EXPECT_FALSE(asked_conditionally({{"If-Match", "\"abc\""}}));
    EXPECT_FALSE(asked_conditionally({}));
}

}  // namespace
}  // namespace fanfetch
