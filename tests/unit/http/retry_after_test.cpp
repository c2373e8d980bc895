#include "http/retry_after.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr WallTime now = sys_days{2026y / November / 21} + 12h;

TEST(RetryAfter, Ups15ReadsSeconds) {
    EXPECT_EQ(parse_retry_after("0", now), 0s);
    EXPECT_EQ(parse_retry_after("120", now), 120s);
    EXPECT_EQ(parse_retry_after(" 007\t", now), 7s);
}

TEST(RetryAfter, Ups15HugeNumbersSaturate) {
    EXPECT_EQ(parse_retry_after("1000000000", now), longest_retry_after);
    EXPECT_EQ(parse_retry_after("99999999999999999999999999", now), longest_retry_after);
}

TEST(RetryAfter, Ups15ReadsDates) {
    EXPECT_EQ(parse_retry_after("Sat, 21 Nov 2026 12:01:00 GMT", now), 60s);
    EXPECT_EQ(parse_retry_after("Sat, 21 Nov 2026 12:01:00 GMT", now + 500ms), 60s) << "rounded up";
    EXPECT_EQ(parse_retry_after("Sat, 21 Nov 2026 11:59:00 GMT", now), 0s) << "it has passed";
    EXPECT_EQ(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now), longest_retry_after);
}

TEST(RetryAfter, Ups15GarbageIsNoPause) {
    for (const auto* value : {"", " ", "-1", "+1", "1.5", "1s", "0x10", "soon", "1 2", "1,2"}) {
        EXPECT_EQ(parse_retry_after(value, now), std::nullopt) << value;
    }
}

}  // namespace
}  // namespace fanfetch
