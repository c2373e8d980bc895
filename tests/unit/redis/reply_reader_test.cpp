#include "redis/reply_reader.hpp"

#include "redis/errors.hpp"
#include "reply_samples.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace fanfetch::redis {
namespace {

using testing::array_of;
using testing::bulk;
using testing::nested;
using testing::number;

struct Reading {
    std::vector<Reply> replies;
    std::string error;

    friend bool operator==(const Reading&, const Reading&) = default;
};

/// What a reader makes of `pieces`, taking the replies after each.
Reading read(const std::vector<std::string_view>& pieces, ReplyLimits limits = {}) {
    Reading reading;
    ReplyReader reader{limits};
    try {
        for (const auto piece : pieces) {
            reader.feed(piece);
            while (auto reply = reader.next()) {
                reading.replies.push_back(std::move(*reply));
            }
        }
    } catch (const ProtocolError& error) {
        reading.error = error.what();
    }
    return reading;
}

/// The same for each way to cut `bytes` once, and for single bytes.
void expect_same_in_pieces(std::string_view bytes, const Reading& whole, ReplyLimits limits = {}) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        EXPECT_EQ(read({bytes.substr(0, cut), bytes.substr(cut)}, limits), whole) << "at " << cut;
    }
    std::vector<std::string_view> single;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        single.push_back(bytes.substr(at, 1));
    }
    EXPECT_EQ(read(single, limits), whole);
}

Reply text(std::string bytes, reply_type type = reply_type::string) {
    return {.type = type, .text = std::move(bytes), .elements = {}};
}

Reply integer(long long value) {
    return {.type = reply_type::integer, .text = {}, .number = value, .elements = {}};
}

Reply array(std::vector<Reply> elements) {
    return {.type = reply_type::array, .text = {}, .elements = std::move(elements)};
}

TEST(ReplyReader, Rps07EveryKindOfReplyInAnyPieces) {
    const std::string raw{"\0\r\n\xff", 4};
    const auto bytes = "+OK\r\n-ERR no\r\n:-7\r\n$-1\r\n*-1\r\n*0\r\n" + bulk("") + bulk(raw) +
                       array_of(array_of(number(1), bulk("x")), "*0\r\n", "$-1\r\n", number(2));
    const std::vector<Reply> expected{
        text("OK", reply_type::status),
        text("ERR no", reply_type::error),
        integer(-7),
        Reply{},
        Reply{},
        array({}),
        text(""),
        text(raw),
        array({array({integer(1), text("x")}), array({}), Reply{}, integer(2)}),
    };

    const auto whole = read({bytes});

    EXPECT_EQ(whole.replies, expected);
    EXPECT_EQ(whole.error, "");
    expect_same_in_pieces(bytes, whole);
}

TEST(ReplyReader, Rps07WhatCameBeforeAFaultIsHandedOut) {
    const auto good = array_of(bulk("message"), bulk("a"), bulk("b")) + "+OK\r\n";
    for (const std::string bad :
         {"?", "$99999999\r\n", "*2000\r\n", ":x", "$1\r\nabc", "+a\rb", "*1\r\n*-5\r\n"}) {
        const auto bytes = good + bad + good;

        const auto whole = read({bytes});

        EXPECT_EQ(whole.replies.size(), 2U) << bad;
        EXPECT_NE(whole.error, "") << bad;
        expect_same_in_pieces(bytes, whole);
    }
}

TEST(ReplyReader, Rps07NestingAndSizesAreBounded) {
    const ReplyLimits limits{.bulk_bytes = 4, .line_bytes = 4, .elements = 3};

    EXPECT_EQ(read({nested(7)}).error, "");
    EXPECT_NE(read({nested(8)}).error, "");
    for (const std::string bad : {"$5\r\n", "+12345", "-12345", "*4\r\n", "*2\r\n:1\r\n*2\r\n"}) {
        const auto whole = read({bad}, limits);
        EXPECT_NE(whole.error, "") << bad;
        expect_same_in_pieces(bad, whole, limits);
    }
}

TEST(ReplyReader, Rps07ATruncatedReplyIsNoReplyAndNoFault) {
    const auto bytes = array_of(bulk("message"), bulk("a"), bulk("payload"));

    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_EQ(read({std::string_view{bytes}.substr(0, size)}), Reading{}) << size;
    }
}

TEST(ReplyReader, Rps07AFaultIsToldEveryTime) {
    ReplyReader reader;
    reader.feed("?");

    EXPECT_THROW((void)reader.next(), ProtocolError);
    reader.feed("+OK\r\n");
    EXPECT_THROW((void)reader.next(), ProtocolError);
}

TEST(ReplyReader, Trp12APushOfOddShapeIsReadLikeAnyOther) {
    EXPECT_EQ(read({"*2\r\n:1\r\n:2\r\n"}).replies, std::vector{array({integer(1), integer(2)})});
}

TEST(ReplyReader, Rps07AStreamOfRepliesDoesNotGrowTheReader) {
    const auto bytes = array_of(bulk("message"), bulk("a"), bulk(std::string(20'000, 'x')));
    ReplyReader reader;

    std::size_t replies = 0;
    for (int i = 0; i < 1'000; ++i) {
        reader.feed(bytes);
        while (reader.next()) {
            ++replies;
        }
    }

    EXPECT_EQ(replies, 1'000U);
}

}  // namespace
}  // namespace fanfetch::redis
