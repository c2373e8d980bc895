#include "http/response_head.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanfetch {
namespace {

/// A head of exactly `size` bytes with a single long field.
std::string head_of_size(std::size_t size) {
    const std::string begin = "HTTP/1.1 200 OK\r\nX: ";
    const std::string end = "\r\n\r\n";
    return begin + std::string(size - begin.size() - end.size(), 'x') + end;
}

std::string head_with_fields(std::size_t count) {
    std::string head = "HTTP/1.1 200 OK\r\n";
    for (std::size_t i = 0; i < count; ++i) {
        head += "a:\r\n";
    }
    return head + "\r\n";
}

failure_code code_of(std::string_view bytes, HeadLimits limits = {}) {
    const auto head = parse_response_head(bytes, limits);
    return head ? failure_code::none : head.error().code;
}

TEST(ResponseHead, GivesStatusVersionReasonAndFields) {
    const std::string bytes =
        "HTTP/1.0 404 Not Found\r\nServer: x\r\nVary:\r\nX:  a b \t\r\n\r\nbody";

    const auto head = parse_response_head(bytes).value().value();

    EXPECT_EQ(head.status, 404);
    EXPECT_EQ(head.minor_version, 0);
    EXPECT_EQ(head.reason, "Not Found");
    EXPECT_EQ(head.wire_bytes, bytes.size() - 4);
    ASSERT_EQ(head.fields.size(), 3U);
    EXPECT_EQ(head.fields[0], (FieldView{"Server", "x"}));
    EXPECT_EQ(head.fields[1], (FieldView{"Vary", ""}));
    EXPECT_EQ(head.fields[2], (FieldView{"X", "a b"}));
}

TEST(ResponseHead, AsksForMoreUntilTheEmptyLine) {
    const std::string bytes = "\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n";

    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto head = parse_response_head(std::string_view{bytes}.substr(0, size));
        ASSERT_TRUE(head.has_value()) << size;
        EXPECT_FALSE(head->has_value()) << size;
    }
    EXPECT_TRUE(parse_response_head(bytes).value().has_value());
}

TEST(ResponseHead, FoldedValuesBecomeOneLine) {
    const auto head =
        parse_response_head("HTTP/1.1 200 OK\r\nA: one\r\n  two\r\n\t\r\nB:\r\n c\r\n\r\n")
            .value()
            .value();

    EXPECT_EQ(head.fields.find("A"), "one    two");
    EXPECT_EQ(head.fields.find("B"), "c");
}

TEST(ResponseHead, RefusesAtOnceWhatDoesNotBeginLikeHttp) {
    for (const auto* bytes : {"X", "HTTX", "HTTP/2", "\n", "\rH", "\r\n\r", " H", "SSH-2.0-"}) {
        EXPECT_EQ(code_of(bytes), failure_code::http_malformed) << bytes;
    }
    for (const auto* bytes : {"", "H", "\r", "\r\n", "\r\nHTTP", "HTTP/1."}) {
        EXPECT_EQ(code_of(bytes), failure_code::none) << bytes;
    }
}

TEST(ResponseHead, RefusesABadLineWithoutWaitingForTheRest) {
    EXPECT_EQ(code_of("HTTP/1.1 200 OK\n"), failure_code::http_malformed);
    EXPECT_EQ(code_of("HTTP/1.1 200 OK\r\nA b\r\n"), failure_code::http_malformed);
}

TEST(ResponseHead, Ups08BytesUpToTheLimit) {
    constexpr std::size_t limit = 64U << 10U;

    EXPECT_EQ(code_of(head_of_size(limit)), failure_code::none);
    EXPECT_EQ(code_of(head_of_size(limit + 1)), failure_code::http_header_limit);
    EXPECT_EQ(code_of(head_of_size(limit).substr(0, limit - 1)), failure_code::none);
    EXPECT_EQ(code_of(head_of_size(10U << 20U)), failure_code::http_header_limit);
    EXPECT_EQ(
        code_of(head_of_size(10U << 20U).substr(0, limit + 1)), failure_code::http_header_limit
    ) << "a field without end is given up at the limit";
}

TEST(ResponseHead, Ups08FieldsUpToTheLimit) {
    EXPECT_EQ(code_of(head_with_fields(256)), failure_code::none);
    EXPECT_EQ(code_of(head_with_fields(257)), failure_code::http_header_limit);
    EXPECT_EQ(code_of(head_with_fields(100'000)), failure_code::http_header_limit);
}

TEST(ResponseHead, ByteByByteArrivalIsNotQuadratic) {
    const auto bytes = head_of_size(64U << 10U);
    ResponseHeadParser parser;
    std::size_t asked = 0;

    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        const auto state = parser.parse(std::string_view{bytes}.substr(0, size));
        ASSERT_TRUE(state.has_value());
        asked += *state == head_state::need_more ? 1U : 0U;
    }

    EXPECT_EQ(asked, bytes.size() - 1);
    EXPECT_TRUE(parser.complete());
}

TEST(ResponseHead, ParserIsUsedAgainAfterASuccessAndAFailure) {
    ResponseHeadParser parser;
    ASSERT_TRUE(parser.parse("HTTP/1.1 500 Long Reason\r\nA: 1\r\n B\r\n\r\n").has_value());
    parser.reset({});
    ASSERT_FALSE(parser.parse("HTTP/1.1 200 OK\r\nbad\r\n").has_value());
    parser.reset({});

    const auto state = parser.parse("HTTP/1.0 204\r\nC: 2\r\n\r\n");

    EXPECT_EQ(state.value(), head_state::complete);
    EXPECT_EQ(parser.head().status, 204);
    EXPECT_EQ(parser.head().reason, "");
    EXPECT_EQ(parser.head().fields.size(), 1U);
}

TEST(ResponseHead, FailuresNameTheFieldButNotItsValue) {
    const auto head = parse_response_head("HTTP/1.1 200 OK\r\nSet-Cookie: secret\x01\r\n\r\n");

    ASSERT_FALSE(head.has_value());
    EXPECT_NE(head.error().detail.find("Set-Cookie"), std::string::npos);
    EXPECT_EQ(head.error().detail.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace fanfetch
