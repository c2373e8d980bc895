#include "http/range.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

void expect_part(std::string_view range, std::uint64_t size, ByteRange wanted) {
    const auto answer = judge_range(range, size);
    EXPECT_EQ(answer.verdict, range_verdict::part) << range;
    EXPECT_EQ(answer.range, wanted) << range;
}

TEST(Range, OneRangeIsServed) {
    expect_part("bytes=0-0", 10, {0, 0});
    expect_part("bytes=0-9", 10, {0, 9});
    expect_part("bytes=3-", 10, {3, 9});
    expect_part("bytes=3-100", 10, {3, 9});
    expect_part("bytes=-4", 10, {6, 9});
    expect_part("bytes=-100", 10, {0, 9});
    expect_part("Bytes= 1-2 ", 10, {1, 2});
    expect_part("bytes=5-99999999999999999999", 10, {5, 9});
    expect_part("bytes=,1-2,", 10, {1, 2});
}

TEST(Range, WhatLiesBeyondTheEndCannotBeSatisfied) {
    for (const auto* range :
         {"bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-",
          "bytes=10-,20-30"}) {
        EXPECT_EQ(judge_range(range, 10).verdict, range_verdict::unsatisfiable) << range;
    }
    EXPECT_EQ(judge_range("bytes=0-", 0).verdict, range_verdict::unsatisfiable);
    EXPECT_EQ(judge_range("bytes=-5", 0).verdict, range_verdict::unsatisfiable);
}

TEST(Range, WhatIsNoRangeIsIgnored) {
    for (const auto* range :
         {"", "bytes", "bytes=", "bytes=,", "bytes=a-b", "bytes=5", "bytes=5-3", "bytes=-",
          "bytes=1-2x", "items=0-1", "bytes=1-2,x", "bytes=--1"}) {
        EXPECT_EQ(judge_range(range, 10).verdict, range_verdict::whole) << range;
    }
}

TEST(Range, SeveralRangesGetTheWhole) {
    EXPECT_EQ(judge_range("bytes=0-1,3-4", 10).verdict, range_verdict::whole);
    EXPECT_EQ(judge_range("bytes=0-1,30-40", 10).verdict, range_verdict::whole);
}

TEST(Range, ContentRange) {
    EXPECT_EQ(content_range({2, 5}, 10), "bytes 2-5/10");
    EXPECT_EQ(unsatisfied_content_range(10), "bytes */10");
    EXPECT_EQ((ByteRange{2, 5}).size(), 4U);
}

}  // namespace
}  // namespace fanfetch
