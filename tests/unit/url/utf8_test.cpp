#include "url/utf8.hpp"

#include "cases.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(Utf8, EveryCharacterPassesAndNoSurrogate) {
    for (unsigned long point = 0; point < 0x110000; ++point) {
        std::string text;
        testing::append_utf8(text, point);
        const bool surrogate = point >= 0xd800 && point < 0xe000;
        ASSERT_EQ(is_utf8(text), !surrogate) << point;
    }
}

TEST(Utf8, MalformedBytesFail) {
    for (const auto* text :
         {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3\x28", "\xe0\x9f\xbf", "\xe2\x82",
          "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
          "a\xc3\xa9\xa9"}) {
        EXPECT_FALSE(is_utf8(text));
    }
}

}  // namespace
}  // namespace fanfetch
