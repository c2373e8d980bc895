#include "http/server_head.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace fanfetch {
namespace {

std::string head_of(const HttpReply& reply, int minor_version, bool keep_alive) {
    auto frame = frame_reply(reply, minor_version, keep_alive);
    frame.request_id = "r-1";
    frame.date = "Sat, 21 Nov 2026 21:52:59 GMT";
    std::string head;
    append_reply_head(head, reply, frame);
    return head;
}

TEST(ReplyHead, SaysWhatTheSessionKnows) {
    HttpReply reply{.body = "abc"};
    reply.set("ETag", "\"x\"");

    EXPECT_EQ(
        head_of(reply, 1, true),
        "HTTP/1.1 200 OK\r\n"
        "Date: Sat, 21 Nov 2026 21:52:59 GMT\r\n"
        "Server: fanfetch/" FANFETCH_VERSION
        "\r\n"
        "X-Request-Id: r-1\r\n"
        "ETag: \"x\"\r\n"
        "Content-Length: 3\r\n"
        "\r\n"
    );
}

TEST(ReplyHead, FramingFollowsStatusAndVersion) {
    const auto producer = [](ResponseStream&) -> awaitable<void> { co_return; };
    const auto framing_of = [](const HttpReply& reply, int version) {
        return frame_reply(reply, version, true).framing;
    };

    EXPECT_EQ(framing_of({.status = http::status::no_content}, 1), reply_framing::none);
    EXPECT_EQ(framing_of({.status = http::status::not_modified}, 1), reply_framing::none);
    EXPECT_EQ(framing_of({.stream = producer}, 1), reply_framing::chunked);
    EXPECT_EQ(framing_of({.stream = producer}, 0), reply_framing::until_close);
    EXPECT_FALSE(frame_reply({.stream = producer}, 0, true).keep_alive);
    EXPECT_EQ(framing_of({.stream = producer, .stream_length = 3}, 0), reply_framing::counted);
}

TEST(ReplyHead, ErrorsAreNotStoredUnlessTheHandlerKnowsBetter) {
    HttpReply known{.status = http::status::not_found};
    known.set("cache-control", "max-age=1");

    EXPECT_NE(
        head_of({.status = http::status::not_found}, 1, true).find("Cache-Control: no-store"),
        std::string::npos
    );
    EXPECT_EQ(head_of(known, 1, true).find("no-store"), std::string::npos);
}

TEST(ReplyHead, ConnectionIsStatedWhereItIsNotTheDefault) {
    EXPECT_EQ(head_of({}, 1, true).find("Connection"), std::string::npos);
    EXPECT_NE(head_of({}, 1, false).find("Connection: close"), std::string::npos);
    EXPECT_NE(head_of({}, 0, true).find("Connection: keep-alive"), std::string::npos);
}

TEST(ReplyHead, Inj04FieldsThatWouldBreakTheFramingAreBugs) {
    using Field = std::pair<std::string, std::string>;
    for (const Field& field :
         {Field{"X", "a\r\nY: b"}, Field{"X", std::string(1, '\0')}, Field{"X Y", "a"},
          Field{"", "a"}, Field{"content-length", "1"}, Field{"Transfer-Encoding", "chunked"},
          Field{"Connection", "x"}, Field{"Date", "x"}}) {
        HttpReply reply;
        reply.headers.push_back(field);
        EXPECT_THROW(check_reply_fields(reply), std::logic_error) << field.first;
    }
}

}  // namespace
}  // namespace fanfetch
