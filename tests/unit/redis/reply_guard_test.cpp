#include "redis/reply_guard.hpp"

#include "reply_samples.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fanfetch::redis {
namespace {

using testing::array_of;
using testing::bulk;
using testing::nested;
using testing::number;

/// The fault that `bytes` have, however they are cut.
std::string fault_of(const std::string& bytes, ReplyLimits limits = {}) {
    ReplyGuard whole{limits};
    const auto passed = whole.admit(bytes);
    EXPECT_EQ(passed == bytes.size(), whole.fault().empty()) << bytes;
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        ReplyGuard guard{limits};
        const auto first = guard.admit(bytes.substr(0, cut));
        const auto second = guard.admit(bytes.substr(cut));
        EXPECT_EQ(guard.fault(), whole.fault()) << "cut at " << cut;
        EXPECT_EQ(first + second, passed) << "cut at " << cut;
    }
    return whole.fault();
}

TEST(ReplyGuard, Rps07PassesEverythingThatIsInOrder) {
    const std::vector<std::string> good{
        "+OK\r\n",
        "-ERR no\r\n",
        ":0\r\n",
        ":-9223372036854775808\r\n",
        ":9223372036854775807\r\n",
        "$-1\r\n",
        "*-1\r\n",
        "*0\r\n",
        bulk(""),
        bulk("\r\n\0x"),
        array_of(bulk("message"), bulk("a"), bulk("b")),
        array_of(array_of(number(1), "*0\r\n"), "+x\r\n", "$-1\r\n"),
        "+\r\n" + bulk("*") + "*0\r\n+PONG\r\n",
    };

    for (const auto& bytes : good) {
        EXPECT_EQ(fault_of(bytes), "") << bytes;
    }
}

TEST(ReplyGuard, Rps07RefusesWhatIsMalformed) {
    const std::vector<std::string> bad{
        "HTTP/1.1 200 OK\r\n",
        "\r\n",
        ">3\r\n",
        "_\r\n",
        "%1\r\n",
        ":\r\n",
        ":+1\r\n",
        ":01\r\n",
        ":-0\r\n",
        ":-\r\n",
        ":1 \r\n",
        ":1\r1\n",
        ":9223372036854775808\r\n",
        "$-2\r\n",
        "*-2\r\n",
        "$x\r\n",
        "$1\r\nab\r\n",
        "$1\r\na\n\n",
        "$0\r\nab",
        "+O\nK\r\n",
        "+O\rK\r\n",
        "*1\r\nx",
        ":--1\r\n",
        "*1\n",
        std::string(1, '\0'),
    };

    for (const auto& bytes : bad) {
        EXPECT_NE(fault_of(bytes), "") << bytes;
    }
}

TEST(ReplyGuard, Rps07SevenArraysInsideEachOtherAreTheMost) {
    EXPECT_EQ(fault_of(nested(7)), "");
    EXPECT_EQ(fault_of(nested(8)), "more than 7 arrays inside each other");
    EXPECT_EQ(fault_of(array_of(nested(6), nested(6), nested(6))), "") << "depth is not a total";
}

TEST(ReplyGuard, Rps07AStringIsRefusedByItsHeader) {
    const ReplyLimits limits{.bulk_bytes = 5};

    EXPECT_EQ(fault_of(bulk("12345"), limits), "");
    EXPECT_EQ(fault_of("$6\r\n", limits), "a string of 6 bytes, more than 5");
    EXPECT_NE(fault_of("$9223372036854775807\r\n"), "");
    EXPECT_NE(fault_of("$536870912\r\n"), "") << "what a Redis takes by default is too much for us";
}

TEST(ReplyGuard, Rps07ElementsAreCountedThroughAllArraysOfAReply) {
    const ReplyLimits limits{.elements = 4};
    const auto two = array_of(number(1), number(2));

    EXPECT_EQ(fault_of("*5\r\n", limits), "more than 4 elements");
    EXPECT_EQ(fault_of(array_of(two, number(3)), limits), "");
    EXPECT_NE(fault_of(array_of(two, two), limits), "");
    EXPECT_EQ(fault_of(two + two + two, limits), "") << "each reply begins to count anew";
    EXPECT_NE(fault_of("*2147483647\r\n"), "");
    EXPECT_NE(fault_of("*9223372036854775807\r\n"), "");
}

TEST(ReplyGuard, Rps07ALineIsRefusedWhenItGetsTooLong) {
    const ReplyLimits limits{.line_bytes = 3};

    EXPECT_EQ(fault_of("+abc\r\n", limits), "");
    EXPECT_EQ(fault_of("+abcd", limits), "a line is longer than 3 bytes");
    EXPECT_EQ(fault_of(":123456789012345678901"), "a number is too long");
}

TEST(ReplyGuard, Rps07NothingPassesAfterAFault) {
    ReplyGuard guard;

    EXPECT_EQ(guard.admit("+OK\r\n?+OK\r\n"), 5U);
    EXPECT_EQ(guard.admit("+OK\r\n"), 0U);
}

}  // namespace
}  // namespace fanfetch::redis
