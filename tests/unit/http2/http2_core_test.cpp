#include "http2/http2_core.hpp"

#include "support/http2_frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

using namespace testing::http2;
using namespace std::literals;

/// Writes down what it is told.
struct Notes final : Http2Stream {
    ResponseHead head;
    std::string body;
    std::optional<ResponseFraming> framing;
    std::optional<Http2End> end;
    bool keeps_window = false;
    Http2Core* core = nullptr;

    [[nodiscard]] failure_code code() const { return end ? end->code : failure_code::internal; }

private:
    void on_head(const ResponseFraming& how) override { framing = how; }
    void on_data(std::string_view bytes) override {
        body += bytes;
        if (!keeps_window) {
            core->consumed(*this, bytes.size());
        }
    }
    void on_end(Http2End how) override { end = std::move(how); }
};

/// A client and what it has sent so far.
struct Http2CoreTest : ::testing::Test {
    explicit Http2CoreTest(Http2Limits limits = {}) : core{limits} {}

    void open(Notes& notes, std::string_view method = "GET", std::string_view body = {}) {
        notes.core = &core;
        Http2Request request{
            {.method = method, .target = "/a?b", .host = "a.test", .user_agent = "us"}, body};
        if (!body.empty()) {
            request.head.body_size = body.size();
        }
        ASSERT_TRUE(core.open(request, notes.head, notes));
    }
    /// What the client has to say now.
    std::string flush() {
        std::string out;
        while (core.wants_send()) {
            const auto before = out.size();
            core.send(out, out.size() + 1);
            if (out.size() == before) {
                break;
            }
        }
        return out;
    }
    void hear(std::string_view bytes) {
        core.receive(bytes);
        sent += flush();
    }
    /// Opens one stream on a connection whose settings are exchanged.
    void begin(Notes& notes, std::string_view method = "GET", std::string_view body = {}) {
        open(notes, method, body);
        flush();
        hear(settings() + frame(frame_type::settings, ack, 0, ""));
        sent.clear();
    }
    [[nodiscard]] bool says(std::string_view bytes) const {
        return sent.find(bytes) != std::string::npos;
    }

    Http2Core core;
    std::string sent;
};

TEST_F(Http2CoreTest, BeginsWithThePrefaceAndDeclinesPushes) {
    const auto first = flush();

    EXPECT_TRUE(first.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    EXPECT_NE(first.find(number(2, 2) + number(0, 4)), std::string::npos) << "ENABLE_PUSH";
}

TEST_F(Http2CoreTest, WholeResponse) {
    Notes notes;
    begin(notes);

    hear(headers(1, {{":status", "200"}, {"content-type", "text/plain"}, {"x", " y "}}));
    hear(data(1, "hel"));
    EXPECT_FALSE(notes.end);
    hear(data(1, "lo", end_stream));

    EXPECT_EQ(notes.code(), failure_code::none);
    EXPECT_EQ(notes.head.status, 200);
    EXPECT_EQ(notes.head.fields.find("content-type"), "text/plain");
    EXPECT_EQ(notes.head.fields.find("x"), "y");
    EXPECT_EQ(notes.body, "hello");
    EXPECT_EQ(notes.body_bytes(), 5);
    EXPECT_EQ(core.streams(), 0);
}

TEST_F(Http2CoreTest, AResponseInSinglesBytesIsTheSame) {
    Notes notes;
    begin(notes);
    const auto bytes =
        headers(1, {{":status", "200"}, {"content-length", "5"}}) + data(1, "hello", end_stream);

    for (const char byte : bytes) {
        hear({&byte, 1});
    }

    EXPECT_EQ(notes.code(), failure_code::none);
    EXPECT_EQ(notes.body, "hello");
}

TEST_F(Http2CoreTest, OneStreamUntilTheOriginHasToldItsSettings) {
    EXPECT_EQ(core.room(), 1);
    Notes notes;
    open(notes);
    EXPECT_EQ(core.room(), 0);

    constexpr std::uint16_t max_concurrent_streams = 3;
    hear(settings({{max_concurrent_streams, 5}}));

    EXPECT_EQ(core.room(), 4);
}

TEST_F(Http2CoreTest, ABodyIsSentInPieces) {
    Notes notes;
    const std::string body(40'000, 'b');
    open(notes, "POST", body);
    const auto out = flush();
    hear(settings());

    EXPECT_NE(out.find(std::string(16'384, 'b')), std::string::npos);
    EXPECT_EQ(std::count(out.begin(), out.end(), 'b') >= 40'000, true);
    hear(headers(1, {{":status", "204"}}, end_stream));
    EXPECT_EQ(notes.code(), failure_code::none);
}

TEST_F(Http2CoreTest, AnAnswerBeforeTheWholeRequestIsTheAnswer) {
    Notes notes;
    const std::string body(200'000, 'b');  // more than the first window
    begin(notes, "POST", body);

    hear(headers(1, {{":status", "413"}}, end_stream));

    EXPECT_EQ(notes.code(), failure_code::none);
    EXPECT_EQ(notes.head.status, 413);
    EXPECT_TRUE(says(rst_stream(1, 0)));
}

TEST_F(Http2CoreTest, InterimResponsesAreReadOver) {
    Notes notes;
    begin(notes);

    hear(headers(1, {{":status", "103"}, {"link", "</a>"}}));
    hear(headers(1, {{":status", "200"}}, end_stream));

    EXPECT_EQ(notes.code(), failure_code::none);
    EXPECT_FALSE(notes.head.fields.contains("link"));
}

TEST_F(Http2CoreTest, TooManyInterimResponses) {
    Notes notes;
    begin(notes);

    for (int i = 0; i < 9; ++i) {
        EXPECT_FALSE(notes.end) << i;
        hear(headers(1, {{":status", "100"}}));
    }

    EXPECT_EQ(notes.code(), failure_code::limit_interim);
    EXPECT_FALSE(core.draining());
}

TEST_F(Http2CoreTest, TrailersAreDroppedAndCounted) {
    Notes notes;
    begin(notes);

    hear(headers(1, {{":status", "200"}}) + data(1, "x"));
    hear(headers(1, {{"authorization", "evil"}, {"b", "c"}}, end_stream));

    EXPECT_EQ(notes.code(), failure_code::none);
    EXPECT_EQ(notes.trailers(), 2);
    EXPECT_FALSE(notes.head.fields.contains("authorization"));
}

TEST_F(Http2CoreTest, HeadersBeyondTheBudgetEndTheirStreamAlone) {
    Notes large;
    Notes other;
    begin(large);
    open(other);
    const std::string value(20'000, 'v');
    const auto some = block({{"a", value}});

    hear(frame(frame_type::headers, 0, 1, block({{":status", "200"}}) + some.substr(0, 16'000)));
    hear(frame(frame_type::continuation, 0, 1, some.substr(16'000)));
    hear(frame(frame_type::continuation, 0, 1, some.substr(0, 16'000)));
    hear(frame(frame_type::continuation, 0, 1, some.substr(16'000)));
    hear(frame(frame_type::continuation, 0, 1, some.substr(0, 16'000)));
    hear(frame(frame_type::continuation, 0, 1, some.substr(16'000)));
    hear(frame(frame_type::continuation, 0, 1, some.substr(0, 16'000)));
    hear(frame(frame_type::continuation, end_headers, 1, some.substr(16'000)));
    hear(headers(3, {{":status", "200"}}, end_stream));

    EXPECT_EQ(large.code(), failure_code::http_header_limit);
    EXPECT_EQ(other.code(), failure_code::none);
}

TEST_F(Http2CoreTest, FewBytesThatUnpackToManyAreCountedUnpacked) {
    Notes notes;
    begin(notes);
    // A long field that is remembered, then referred to again and again: one byte each.
    const std::string value(4'000, 'v');
    auto bomb = block({{":status", "200"}}) + '\x40' + packed(1, 7) + "a" +
                packed(value.size(), 7) + value + std::string(10'000, '\xbe');

    hear(frame(frame_type::headers, end_headers | end_stream, 1, bomb));

    EXPECT_EQ(notes.code(), failure_code::http_header_limit);
}

TEST_F(Http2CoreTest, TooManyFields) {
    Notes notes;
    begin(notes);
    auto fields = block({{":status", "200"}});
    for (int i = 0; i < 257; ++i) {
        fields += block({{"a", "b"}});
    }

    hear(frame(frame_type::headers, end_headers | end_stream, 1, fields));

    EXPECT_EQ(notes.code(), failure_code::http_header_limit);
}

TEST_F(Http2CoreTest, FewerBytesThanAnnouncedAreTruncated) {
    Notes notes;
    begin(notes);

    hear(headers(1, {{":status", "200"}, {"content-length", "9"}}) + data(1, "hi", end_stream));

    EXPECT_EQ(notes.code(), failure_code::http_truncated);
}

TEST_F(Http2CoreTest, MoreBytesThanAnnouncedAreAnError) {
    Notes notes;
    begin(notes);

    hear(headers(1, {{":status", "200"}, {"content-length", "2"}}) + data(1, "hello", end_stream));

    EXPECT_EQ(notes.code(), failure_code::http_h2_error);
    EXPECT_FALSE(core.draining()) << "it is the stream's fault alone";
}

/// A response that the rules of HTTP/2 forbid, and nothing else wrong.
class Http2Malformed : public Http2CoreTest,
                       public ::testing::WithParamInterface<std::pair<const char*, std::string>> {};

TEST_P(Http2Malformed, EndsItsStreamAlone) {
    Notes notes;
    Notes other;
    begin(notes);
    open(other);

    hear(frame(frame_type::headers, end_headers | end_stream, 1, GetParam().second));
    hear(headers(3, {{":status", "200"}}, end_stream));

    EXPECT_EQ(notes.code(), failure_code::http_h2_error);
    EXPECT_EQ(other.code(), failure_code::none);
}

INSTANTIATE_TEST_SUITE_P(
    Responses, Http2Malformed,
    ::testing::Values(
        std::pair{"NoStatus", block({{"a", "b"}})},
        std::pair{"TwoStatuses", block({{":status", "200"}, {":status", "200"}})},
        std::pair{"StatusIsNoNumber", block({{":status", "2x0"}})},
        std::pair{"StatusBeyond599", block({{":status", "999"}})},
        std::pair{"SwitchingProtocols", block({{":status", "101"}})},
        std::pair{"UpperCaseName", block({{":status", "200"}, {"A", "b"}})},
        std::pair{"ConnectionField", block({{":status", "200"}, {"connection", "close"}})},
        std::pair{
            "TransferEncoding", block({{":status", "200"}, {"transfer-encoding", "chunked"}})},
        std::pair{"RequestPseudoField", block({{":status", "200"}, {":path", "/"}})},
        std::pair{"StatusAfterFields", block({{"a", "b"}, {":status", "200"}})},
        std::pair{"LineBreakInValue", block({{":status", "200"}, {"a", "b\r\nc: d"}})},
        std::pair{"NulInValue", block({{":status", "200"}, {"a", "b\0c"sv}})},
        std::pair{
            "TwoLengths",
            block({{":status", "200"}, {"content-length", "1"}, {"content-length", "2"}})}
    ),
    [](const auto& one) { return one.param.first; }
);

TEST_F(Http2CoreTest, ResetByTheOrigin) {
    constexpr std::uint32_t internal_error = 2;
    Notes notes;
    begin(notes);

    hear(headers(1, {{":status", "200"}}) + data(1, "hi") + rst_stream(1, internal_error));

    EXPECT_EQ(notes.code(), failure_code::http_h2_error);
    EXPECT_FALSE(notes.end->unprocessed);
}

TEST_F(Http2CoreTest, RefusedStreamWasNotLookedAt) {
    constexpr std::uint32_t refused_stream = 7;
    Notes notes;
    begin(notes);

    hear(rst_stream(1, refused_stream));

    EXPECT_EQ(notes.code(), failure_code::http_h2_error);
    EXPECT_TRUE(notes.end->unprocessed);
}

TEST_F(Http2CoreTest, GoawayAnswersTheStreamsItNamesAndRefusesTheOthers) {
    Notes first;
    Notes second;
    begin(first);
    open(second);
    flush();

    hear(goaway(1, 0));

    EXPECT_FALSE(first.end);
    ASSERT_TRUE(second.end);
    EXPECT_TRUE(second.end->unprocessed);
    EXPECT_EQ(core.room(), 0);
    hear(headers(1, {{":status", "200"}}, end_stream));
    EXPECT_EQ(first.code(), failure_code::none);
    EXPECT_TRUE(core.over());
}

TEST_F(Http2CoreTest, RequestsNotYetSentAreRefusedByGoaway) {
    Notes first;
    Notes second;
    begin(first);
    open(second);  // not flushed

    hear(goaway(1, 0));

    ASSERT_TRUE(second.end);
    EXPECT_TRUE(second.end->unprocessed);
}

TEST_F(Http2CoreTest, GivenUpStreamsAreCancelledAndCounted) {
    std::array<std::unique_ptr<Notes>, 64> all;
    Notes first;
    begin(first);
    for (auto& notes : all) {
        EXPECT_FALSE(core.draining());
        notes = std::make_unique<Notes>();
        open(*notes);
        flush();
        core.give_up(*notes);
        EXPECT_FALSE(notes->end);
    }

    EXPECT_TRUE(core.draining()) << "whoever resets this many takes another connection";
    constexpr std::uint32_t cancel = 8;
    EXPECT_NE(flush().find(rst_stream(129, cancel)), std::string::npos);
    hear(headers(1, {{":status", "200"}}, end_stream));
    EXPECT_EQ(first.code(), failure_code::none);
}

TEST_F(Http2CoreTest, WhatComesForAGivenUpStreamIsDropped) {
    Notes notes;
    begin(notes);
    core.give_up(notes);

    hear(headers(1, {{":status", "200"}}) + data(1, "hi", end_stream));

    EXPECT_FALSE(notes.end);
    EXPECT_FALSE(core.draining());
}

TEST_F(Http2CoreTest, TheWindowIsGivenBackWhenBytesAreConsumed) {
    Notes notes;
    notes.keeps_window = true;
    begin(notes);
    hear(headers(1, {{":status", "200"}}));
    const std::string piece(16'384, 'x');

    for (int i = 0; i < 40; ++i) {
        hear(data(1, piece));
    }
    EXPECT_TRUE(sent.empty()) << "nothing was consumed";
    core.consumed(notes, notes.body.size());

    const auto updates = flush();
    EXPECT_NE(
        updates.find(frame(frame_type::window_update, 0, 1, number(40 * 16'384, 4))),
        std::string::npos
    );
}

TEST_F(Http2CoreTest, BytesBeyondTheWindowEndTheirStream) {
    Notes notes;
    notes.keeps_window = true;
    begin(notes);
    hear(headers(1, {{":status", "200"}}));
    const std::string piece(16'384, 'x');

    for (int i = 0; i < 65; ++i) {
        EXPECT_FALSE(notes.end) << i;
        hear(data(1, piece));
    }

    EXPECT_EQ(notes.code(), failure_code::http_h2_error);
    EXPECT_LE(notes.body_bytes(), (1U << 20U) + piece.size()) << "a frame more than the window";
}

/// What is wrong with a whole connection: everyone on it fails, and we say why.
class Http2Broken : public Http2CoreTest,
                    public ::testing::WithParamInterface<std::pair<const char*, std::string>> {};

std::string times(int count, const std::string& one) {
    std::string all;
    for (int i = 0; i < count; ++i) {
        all += one;
    }
    return all;
}

TEST_P(Http2Broken, EndsAllStreams) {
    Notes first;
    Notes second;
    begin(first);
    open(second);
    flush();

    const auto& bytes = GetParam().second;
    for (std::size_t at = 0; at < bytes.size() && !core.over(); at += 16'384) {
        hear(std::string_view{bytes}.substr(at, 16'384));
    }

    EXPECT_TRUE(core.over());
    core.end_all(failed(failure_code::connect_reset, "lost"));
    EXPECT_EQ(first.code(), failure_code::http_h2_error);
    EXPECT_EQ(second.code(), failure_code::http_h2_error);
    EXPECT_EQ(core.room(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Connections, Http2Broken,
    ::testing::Values(
        std::pair{
            "Push",
            frame(
                frame_type::push_promise, end_headers, 1, number(2, 4) + block({{":method", "GET"}})
            )},
        std::pair{"SettingsFlood", times(3'000, settings())},
        std::pair{"PingFlood", times(3'000, frame(frame_type::ping, 0, 0, "12345678"))},
        std::pair{
            "ContinuationFlood", frame(frame_type::headers, 0, 1, block({{":status", "200"}})) +
                                     times(3'000, frame(frame_type::continuation, 0, 1, ""))},
        std::pair{"EmptyDataFlood", headers(1, {{":status", "200"}}) + times(3'000, data(1, ""))},
        std::pair{
            "WindowUpdateOverflow",
            times(2, frame(frame_type::window_update, 0, 0, number(0x7fffffff, 4)))},
        std::pair{"FrameTooLarge", frame(frame_type::data, 0, 1, std::string(20'000, 'x'))},
        std::pair{
            "BadHpack", frame(frame_type::headers, end_headers, 1, "\xff\xff\xff\xff\xff\xff")},
        std::pair{"DataOnStreamZero", data(0, "x")},
        std::pair{"NotHttp2", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"s},
        std::pair{"ContinuationOfNothing", frame(frame_type::continuation, end_headers, 1, "")}
    ),
    [](const auto& one) { return one.param.first; }
);

TEST_F(Http2CoreTest, OnAnotherReplyThanSettingsTheConnectionEnds) {
    Notes notes;
    open(notes);
    flush();

    hear(frame(frame_type::ping, 0, 0, "12345678"));

    EXPECT_TRUE(core.over());
}

TEST_F(Http2CoreTest, StreamsThatSawNothingAreUntouchedWhenTheConnectionIsLost) {
    Notes answered;
    Notes waiting;
    begin(answered);
    open(waiting);
    flush();
    hear(headers(1, {{":status", "200"}}));

    core.end_all(failed(failure_code::connect_reset, "lost"));

    EXPECT_EQ(answered.code(), failure_code::connect_reset);
    EXPECT_FALSE(answered.end->untouched);
    EXPECT_TRUE(waiting.end->untouched);
}

TEST_F(Http2CoreTest, AnErrorThatTheOriginNamesIsToldOfTheStreamsItEnds) {
    constexpr std::uint32_t internal_error = 2;
    Notes notes;
    begin(notes);

    hear(goaway(1, internal_error));
    core.end_all(failed(failure_code::connect_reset, "lost"));

    EXPECT_EQ(notes.code(), failure_code::http_h2_error);
}

TEST_F(Http2CoreTest, SaysGoodbye) {
    Notes notes;
    begin(notes);
    hear(headers(1, {{":status", "200"}}, end_stream));

    core.say_goodbye();

    EXPECT_TRUE(flush().find(goaway(0, 0)) != std::string::npos);
    EXPECT_TRUE(core.over());
}

TEST_F(Http2CoreTest, SaysGoodbyeBehindTheLastReset) {
    constexpr std::uint32_t cancel = 8;
    Notes notes;
    begin(notes);

    core.give_up(notes);
    core.say_goodbye();

    EXPECT_EQ(flush(), rst_stream(1, cancel) + goaway(0, 0));
    EXPECT_TRUE(core.over());
}

TEST_F(Http2CoreTest, AStreamThatIsDestroyedIsReset) {
    Notes other;
    begin(other);
    {
        Notes notes;
        open(notes);
        flush();
    }
    constexpr std::uint32_t cancel = 8;
    EXPECT_NE(flush().find(rst_stream(3, cancel)), std::string::npos);
    EXPECT_EQ(core.streams(), 1);
}

TEST_F(Http2CoreTest, RefusesWhatWouldBreakTheRequest) {
    Notes notes;
    const std::array fields{FieldView{"Connection", "close"}};
    const Http2Request request{{.host = "a.test", .fields = fields}, {}};

    EXPECT_THROW((void)core.open(request, notes.head, notes), std::logic_error);
}

}  // namespace
}  // namespace fanfetch
