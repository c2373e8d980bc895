#include "redis/push.hpp"

#include "redis/errors.hpp"
#include "redis/reply_reader.hpp"
#include "reply_samples.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanfetch::redis {
namespace {

using testing::array_of;
using testing::bulk;
using testing::confirmation;
using testing::message;
using testing::nested;
using testing::number;
using testing::pattern_message;

Push push_of(const std::string& bytes) {
    ReplyReader reader;
    reader.feed(bytes);
    auto reply = reader.next();
    EXPECT_TRUE(reply) << bytes;
    return interpret(std::move(*reply));
}

TEST(Interpret, Rps02MessagesAreBytesWithTheirChannel) {
    const std::string raw{"\0\r\n\xff", 4};

    EXPECT_EQ(push_of(message(raw, raw)), Push(Message{raw, raw, std::nullopt}));
    EXPECT_EQ(push_of(message("", "")), Push(Message{"", "", std::nullopt}));
    EXPECT_EQ(push_of(pattern_message("a*", "ab", "x")), Push(Message{"ab", "x", "a*"}));
}

TEST(Interpret, Rps02ConfirmationsAndPongsAreNoMessages) {
    EXPECT_EQ(push_of(confirmation("subscribe", "a")), Push(Confirmed{verb::subscribe, "a"}));
    EXPECT_EQ(push_of(confirmation("psubscribe", "a")), Push(Confirmed{verb::psubscribe, "a"}));
    EXPECT_EQ(push_of(confirmation("unsubscribe", "")), Push(Confirmed{verb::unsubscribe, ""}));
    EXPECT_EQ(push_of(confirmation("punsubscribe", "a")), Push(Confirmed{verb::punsubscribe, "a"}));
    EXPECT_EQ(push_of(array_of(bulk("pong"), bulk(""))), Push(Pong{}));
    EXPECT_EQ(push_of("+PONG\r\n"), Push(Pong{}));
    EXPECT_EQ(push_of("+OK\r\n"), Push(Ok{}));
    EXPECT_EQ(push_of("-ERR no\r\n"), Push(Refusal{"ERR no"}));
}

TEST(Interpret, Rps07Trp12OddShapesAreProtocolErrors) {
    const std::string odd[]{
        "*2\r\n:1\r\n:2\r\n",
        "*0\r\n",
        "*-1\r\n",
        "$-1\r\n",
        ":1\r\n",
        "+QUEUED\r\n",
        bulk("message"),
        nested(3),
        array_of(bulk("message")),
        array_of(bulk("message"), bulk("a")),
        array_of(bulk("message"), bulk("a"), number(1)),
        array_of(bulk("message"), "$-1\r\n", bulk("b")),
        array_of(bulk("message"), bulk("a"), "*0\r\n"),
        array_of(bulk("message"), bulk("a"), bulk("b"), bulk("c")),
        array_of("+message\r\n", bulk("a"), bulk("b")),
        array_of(bulk("pmessage"), bulk("a"), bulk("b")),
        array_of(bulk("subscribe"), bulk("a"), bulk("1")),
        array_of(bulk("subscribe"), "$-1\r\n", number(0)),
        array_of(bulk("subscribe"), bulk("a")),
        array_of(bulk("pong")),
        array_of(bulk("ping"), bulk("a"), number(1)),
        array_of(bulk("smessage"), bulk("a"), bulk("b")),
        array_of(bulk("MESSAGE"), bulk("a"), bulk("b")),
    };

    for (const auto& bytes : odd) {
        EXPECT_THROW((void)push_of(bytes), ProtocolError) << bytes;
    }
}

TEST(Interpret, Rps04ARefusalIsFinalWhenAskingAgainIsOfNoUse) {
    for (const auto* text :
         {"NOAUTH Authentication required.", "WRONGPASS invalid", "NOPERM this",
          "ERR AUTH <password> called without any password configured"}) {
        EXPECT_TRUE(is_final({text})) << text;
    }
    for (const auto* text :
         {"LOADING Redis is loading", "ERR max number of clients reached", "BUSY running a script",
          "MASTERDOWN Link", ""}) {
        EXPECT_FALSE(is_final({text})) << text;
    }
}

}  // namespace
}  // namespace fanfetch::redis
