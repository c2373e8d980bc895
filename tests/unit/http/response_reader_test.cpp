#include "http/response_reader.hpp"

#include "unit/http/response_runs.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace fanfetch::testing {
namespace {

constexpr std::string_view ok_head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
constexpr std::string_view chunked_head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

ResponseRun read(std::string_view bytes, ResponseLimits limits = {}) {
    ResponseReader reader{limits};
    reader.reset("GET");
    return read_whole(reader, bytes);
}

/// An interim response of exactly `size` bytes.
std::string interim_of_size(std::size_t size) {
    const std::string begin = "HTTP/1.1 103 Early Hints\r\nLink: ";
    return begin + std::string(size - begin.size() - 4, 'x') + "\r\n\r\n";
}

TEST(ResponseReader, TellsHeadBodyAndEndOneAfterTheOther) {
    ResponseReader reader;
    reader.reset("GET");
    const std::string bytes = std::string{ok_head} + "hello";

    const auto head = reader.next(bytes).value();
    const auto body = reader.next(std::string_view{bytes}.substr(head.consumed)).value();
    const auto end = reader.next("").value();

    EXPECT_EQ(head.event, response_event::head);
    EXPECT_EQ(head.consumed, ok_head.size());
    EXPECT_EQ(body.event, response_event::body);
    EXPECT_EQ(body.body.data(), bytes.data() + ok_head.size()) << "not copied";
    EXPECT_EQ(body.body, "hello");
    EXPECT_EQ(end.event, response_event::complete);
    EXPECT_EQ(reader.body_bytes(), 5U);
    EXPECT_EQ(reader.received_bytes(), bytes.size());
}

TEST(ResponseReader, EmptyBodyEndsWithoutMoreBytes) {
    ResponseReader reader;
    reader.reset("HEAD");

    const auto head = reader.next(ok_head).value();
    const auto end = reader.next("").value();

    EXPECT_EQ(head.event, response_event::head);
    EXPECT_EQ(end.event, response_event::complete);
    EXPECT_TRUE(reader.reusable(0));
}

TEST(ResponseReader, ReadsOneResponseAfterTheOther) {
    ResponseReader reader;

    for (int i = 0; i < 3; ++i) {
        reader.reset("GET");
        const auto run = read_whole(reader, std::string{ok_head} + "hello");
        EXPECT_EQ(run.code, failure_code::none);
        EXPECT_EQ(run.body, "hello");
        EXPECT_TRUE(run.reusable);
    }
}

TEST(ResponseReader, HeadInPiecesOutlivesTheBytesItCameIn) {
    ResponseReader reader;
    reader.reset("GET");
    for (const char c : ok_head) {
        std::string piece(1, c);
        ASSERT_TRUE(reader.next(piece).has_value());
        piece[0] = '?';
    }

    EXPECT_EQ(reader.head().fields.find("content-length"), "5");
}

TEST(ResponseReader, Ups14SurplusIsNotConsumedAndEndsTheConnection) {
    ResponseReader reader;
    reader.reset("GET");
    const std::string bytes = std::string{ok_head} + "helloHTTP/1.1 200 OK\r\n\r\n";

    const auto run = read_whole(reader, bytes);

    EXPECT_EQ(run.body, "hello");
    EXPECT_EQ(run.consumed, ok_head.size() + 5);
    EXPECT_FALSE(run.reusable);
    EXPECT_TRUE(reader.reusable(0));
}

TEST(ResponseReader, Ups14KnowsWhetherAnyByteCame) {
    ResponseReader reader;
    reader.reset("GET");
    EXPECT_FALSE(reader.started());

    ASSERT_TRUE(reader.next("H").has_value());

    EXPECT_TRUE(reader.started());
    EXPECT_EQ(reader.finish(stream_end::abrupt).error().code, failure_code::http_truncated);
}

TEST(ResponseReader, FailureIsFinal) {
    ResponseReader reader;
    reader.reset("GET");
    ASSERT_FALSE(reader.next("HTTP/2 200\r\n").has_value());

    EXPECT_EQ(reader.next(ok_head).error().code, failure_code::http_malformed);
    EXPECT_EQ(reader.finish(stream_end::orderly).error().code, failure_code::http_malformed);
    EXPECT_FALSE(reader.reusable(0));
}

TEST(ResponseReader, Ups07BodyMayFillItsLimitButNotPassIt) {
    const ResponseLimits enough{.body = ByteSize{5}};
    const ResponseLimits scant{.body = ByteSize{4}};
    const auto length = std::string{ok_head} + "hello";
    const auto chunked = std::string{chunked_head} + "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    const std::string closed = "HTTP/1.1 200 OK\r\n\r\nhello";

    for (const auto& bytes : {length, chunked, closed}) {
        EXPECT_EQ(read(bytes, enough).code, failure_code::none);
        EXPECT_EQ(read(bytes, scant).code, failure_code::limit_body_size);
    }
}

TEST(ResponseReader, Ups07DeclaredLengthAboveTheLimitFailsBeforeTheBody) {
    ResponseReader reader{{.body = ByteSize{8U << 20U}}};
    reader.reset("GET");
    const auto head =
        reader.next("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n").value();

    EXPECT_EQ(head.event, response_event::head) << "whoever wants the head only has it";
    EXPECT_EQ(reader.next("").error().code, failure_code::limit_body_size);
}

TEST(ResponseReader, Ups08EndlessHeadIsGivenUpWithBoundedReading) {
    ResponseReader reader;
    reader.reset("GET");
    const std::string piece = "X: " + std::string(1000, 'x') + "\r\n";
    std::size_t given = 0;
    auto step = reader.next("HTTP/1.1 200 OK\r\n");

    while (step) {
        given += piece.size();
        step = reader.next(piece);
    }

    EXPECT_EQ(step.error().code, failure_code::http_header_limit);
    EXPECT_LE(given, (64U << 10U) + piece.size());
}

TEST(ResponseReader, Ups09HeadAndTrailersShareOneLimit) {
    const std::string head{chunked_head};
    const ResponseLimits limits{.header = ByteSize{head.size() + 10}};

    EXPECT_EQ(read(head + "0\r\nX: 12345\r\n\r\n", limits).code, failure_code::none);
    EXPECT_EQ(read(head + "0\r\nX: 123456\r\n\r\n", limits).code, failure_code::http_header_limit);
    EXPECT_EQ(
        read(head + "0\r\nX: " + std::string(1U << 20U, 'x')).code, failure_code::http_header_limit
    );
}

TEST(ResponseReader, Ups09TrailersNeverBecomeFields) {
    for (const auto* name :
         {"Content-Length", "Transfer-Encoding", "Set-Cookie", "Location", "Content-Encoding",
          "Authorization"}) {
        ResponseReader reader;
        reader.reset("GET");

        const auto run = read_whole(
            reader, std::string{chunked_head} + "2\r\nhi\r\n0\r\n" + name + ": evil\r\n\r\n"
        );

        EXPECT_EQ(run.code, failure_code::none) << name;
        EXPECT_EQ(reader.head().fields.size(), 1U) << name;
    }
}

TEST(ResponseReader, Ups11EightInterimResponsesAndNotNine) {
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    std::string bytes;
    for (int i = 0; i < 8; ++i) {
        bytes += interim;
    }

    EXPECT_EQ(read(bytes + std::string{ok_head} + "hello").code, failure_code::none);
    EXPECT_EQ(
        read(bytes + interim + std::string{ok_head} + "hello").code, failure_code::limit_interim
    );
}

TEST(ResponseReader, Only100IsLeaveToGoOn) {
    ResponseReader reader;
    reader.reset("POST");

    ASSERT_TRUE(reader.next("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n").has_value());
    EXPECT_FALSE(reader.told_to_continue());
    ASSERT_TRUE(reader.next("HTTP/1.1 100 Contin").has_value());
    EXPECT_FALSE(reader.told_to_continue());
    ASSERT_TRUE(reader.next("ue\r\n\r\n").has_value());
    EXPECT_TRUE(reader.told_to_continue());
    ASSERT_TRUE(reader.next(std::string{ok_head} + "hello").has_value());
    EXPECT_TRUE(reader.told_to_continue());
    reader.reset("POST");
    EXPECT_FALSE(reader.told_to_continue());
}

TEST(ResponseReader, Ups11StormIsGivenUpAtTheNinth) {
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    ResponseReader reader;
    reader.reset("GET");
    int given = 1;

    auto step = reader.next(interim);
    for (; step && given < 1000; ++given) {
        step = reader.next(interim);
    }

    ASSERT_FALSE(step.has_value());
    EXPECT_EQ(step.error().code, failure_code::limit_interim);
    EXPECT_EQ(given, 9);
}

TEST(ResponseReader, Ups11InterimAndFinalHeadShareOneLimit) {
    const std::string rest = std::string{ok_head} + "hello";
    const auto room = (64U << 10U) - ok_head.size();

    EXPECT_EQ(read(interim_of_size(room) + rest).code, failure_code::none);
    EXPECT_EQ(read(interim_of_size(room + 1) + rest).code, failure_code::http_header_limit);
    EXPECT_EQ(
        read(interim_of_size(40'000) + interim_of_size(40'000) + rest).code,
        failure_code::http_header_limit
    );
}

TEST(ResponseReader, Ups11InterimFieldsAreForgotten) {
    ResponseReader reader;
    reader.reset("GET");

    const auto run = read_whole(reader, interim_of_size(100) + std::string{ok_head} + "hello");

    EXPECT_EQ(run.status, 200);
    EXPECT_EQ(reader.interim_responses(), 1);
    EXPECT_FALSE(reader.head().fields.contains("Link"));
}

TEST(ResponseReader, EarlierResponsesLeaveNoTrace) {
    ResponseReader reader;
    reader.reset("GET");
    const auto cut_off = read_whole(reader, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b");
    reader.reset("GET");
    const auto bad = read_whole(reader, std::string{chunked_head} + "5;a=\"");
    reader.reset("GET");

    const auto good = read_whole(reader, std::string{chunked_head} + "2\r\nhi\r\n0\r\n\r\n");

    EXPECT_EQ(cut_off.code, failure_code::http_truncated);
    EXPECT_EQ(bad.code, failure_code::http_truncated);
    EXPECT_EQ(good.code, failure_code::none);
    EXPECT_EQ(good.body, "hi");
    EXPECT_EQ(reader.interim_responses(), 0);
}

}  // namespace
}  // namespace fanfetch::testing
