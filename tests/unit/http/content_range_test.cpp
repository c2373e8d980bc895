#include "http/content_range.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(ContentRange, IsReadWhole) {
    EXPECT_EQ(parse_content_range("bytes 0-0/1"), (ContentRange{0, 0, 1}));
    EXPECT_EQ(parse_content_range("bytes 100-199/1000"), (ContentRange{100, 199, 1000}));
    EXPECT_EQ(parse_content_range("Bytes 5-9/10"), (ContentRange{5, 9, 10}));
    EXPECT_EQ(
        parse_content_range("bytes 0-18446744073709551613/18446744073709551614"),
        (ContentRange{0, 18446744073709551613U, 18446744073709551614U})
    );
}

TEST(ContentRange, AnythingElseIsNone) {
    for (const char* text :
         {"", "bytes", "bytes ", "bytes 0-0", "bytes 0-0/", "bytes 0-0/*", "bytes */10",
          "bytes 0-9/9", "bytes 5-4/10", "bytes -5/10", "bytes 5-/10", "items 0-0/1", "bytes=0-0/1",
          "bytes 0-0/1 ", "bytes  0-0/1", "bytes +0-0/1", "bytes 0-0/1,2",
          "bytes 0-0/18446744073709551616", "bytes 0x0-0/1"}) {
        EXPECT_FALSE(parse_content_range(text)) << text;
    }
}

}  // namespace
}  // namespace fanfetch
