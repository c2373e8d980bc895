#include "api/idempotency_key.hpp"
#include "api/request_keys.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(IdempotencyKey, IsQuotedOrNot) {
    EXPECT_EQ(parse_idempotency_key("abc-1").value(), "abc-1");
    EXPECT_EQ(parse_idempotency_key("\"abc-1\"").value(), "abc-1");
    EXPECT_EQ(parse_idempotency_key(R"("a \"b\" \\, c")").value(), "a \"b\" \\, c");
    EXPECT_EQ(parse_idempotency_key(std::string(255, 'x')).value().size(), 255U);
}

TEST(IdempotencyKey, IsRefusedWhenItCannotBeRead) {
    for (const std::string& field :
         {std::string{}, std::string{"\""}, std::string{"\"\""}, std::string{"a b"},
          std::string{"a,b"}, std::string{"a;b"}, std::string{"\"a\\n\""}, std::string{"\"a\"b\""},
          std::string{"\"a\\\""}, std::string{"\x7F"}, std::string{"\xC3\xA9"},
          std::string(256, 'x')}) {
        EXPECT_EQ(parse_idempotency_key(field).error().code, failure_code::idempotency_key_invalid)
            << field;
    }
}

TEST(IdempotencyKey, AnAnswerComesBackAsItWas) {
    HttpReply reply;
    reply.status = http::status::accepted;
    reply.set("Location", "/v1/jobs/x");
    reply.set("Empty", "");
    reply.body = "{\n\n}\n";

    const auto back = unpack_reply(pack_reply(reply));

    ASSERT_TRUE(back);
    EXPECT_EQ(back->status, reply.status);
    EXPECT_EQ(back->headers, reply.headers);
    EXPECT_EQ(back->body, reply.body);
    for (const auto* text : {"", "202", "x\n\n", "202\nLocation\n\n", "202\nA: b\n"}) {
        EXPECT_FALSE(unpack_reply(text)) << text;
    }
}

TEST(RequestKeys, AreHeldOnceByTenant) {
    RequestKeys keys;
    auto first = keys.begin("a", "k");
    EXPECT_TRUE(first);
    EXPECT_FALSE(keys.begin("a", "k"));
    EXPECT_TRUE(keys.begin("b", "k"));
    EXPECT_TRUE(keys.begin("b", "k")) << "the one before has been let go";
    first.reset();
    EXPECT_TRUE(keys.begin("a", "k"));
}

}  // namespace
}  // namespace fanfetch
