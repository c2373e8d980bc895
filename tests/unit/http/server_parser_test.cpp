#include "http/server_parser.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

const RequestLimits limits;

/// What reading `bytes` in pieces of `step` comes to.
struct Outcome {
    failure_code code = failure_code::none;
    bool done = false;
    std::size_t used = 0;
    std::string method;
    std::string target;
    std::size_t fields = 0;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome parse(std::string_view bytes, std::size_t step) {
    RequestParser parser{limits};
    Outcome outcome;
    for (std::size_t end = 0; end <= bytes.size() && !outcome.done; end += step) {
        const auto seen = bytes.substr(0, std::min(end + step, bytes.size()));
        const auto used = parser.put(seen.substr(outcome.used));
        if (!used) {
            outcome.code = used.error().code;
            return outcome;
        }
        outcome.used += *used;
        outcome.done = parser.done();
    }
    outcome.method = parser.head().method_string;
    outcome.target = parser.head().target;
    for ([[maybe_unused]] const auto& field : parser.head().fields) {
        ++outcome.fields;
    }
    return outcome;
}

TEST(RequestParser, ReadsARequestHoweverItIsCut) {
    const std::string bytes{"\r\nGET /a?b HTTP/1.1\r\nHost: a\r\nX:  y \r\n\r\nrest"};

    const auto whole = parse(bytes, bytes.size());

    EXPECT_EQ(whole.method, "GET");
    EXPECT_EQ(whole.target, "/a?b");
    EXPECT_EQ(whole.fields, 2U);
    EXPECT_TRUE(whole.done);
    EXPECT_EQ(bytes.substr(whole.used), "rest");
    for (std::size_t step = 1; step < bytes.size(); ++step) {
        EXPECT_EQ(parse(bytes, step), whole) << "in pieces of " << step;
    }
}

TEST(RequestParser, KeepsValuesWithoutTheSpaceAroundThem) {
    RequestParser parser{limits};

    const auto used = parser.put("GET / HTTP/1.0\r\nX: \t a b \t\r\n\r\n");

    ASSERT_TRUE(used.has_value());
    EXPECT_EQ(parser.head().fields["x"], "a b");
    EXPECT_EQ(parser.head().minor_version, 0);
    EXPECT_EQ(parser.head().method, http::verb::get);
}

TEST(RequestParser, TellsWhatIsNoHttpFromItsFirstBytes) {
    EXPECT_EQ(parse("\x16\x03\x01", 3).code, failure_code::api_bad_request);
    EXPECT_EQ(parse(std::string(40, 'A'), 40).code, failure_code::api_bad_request);
    EXPECT_EQ(parse("GE", 2).code, failure_code::none);
}

TEST(RequestParser, BeginsAnewForTheNextRequest) {
    RequestParser parser{limits};
    ASSERT_TRUE(parser.put("GET /1 HTTP/1.1\r\nX: y\r\n\r\n").has_value());

    parser.reset();
    ASSERT_TRUE(parser.put("PUT /2 HTTP/1.1\r\n\r\n").has_value());

    EXPECT_EQ(parser.head().target, "/2");
    EXPECT_EQ(parser.head().fields["x"], "");
}

TEST(RequestParser, FieldLineIsNameColonValue) {
    EXPECT_EQ(split_field_line("A:b"), (FieldView{"A", "b"}));
    EXPECT_EQ(split_field_line("A:"), (FieldView{"A", ""}));
    EXPECT_EQ(split_field_line("A"), std::nullopt);
    EXPECT_EQ(split_field_line(":b"), std::nullopt);
    EXPECT_EQ(split_field_line("A : b"), std::nullopt);
    EXPECT_EQ(split_field_line(" A: b"), std::nullopt);
    EXPECT_EQ(split_field_line("A: b\x01"), std::nullopt);
}

}  // namespace
}  // namespace fanfetch
