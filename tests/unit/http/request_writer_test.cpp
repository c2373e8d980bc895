#include "http/request_writer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>

namespace fanfetch {
namespace {

using namespace std::literals;

std::string written(const OutgoingRequest& request) {
    std::string out;
    write_request_head(out, request);
    return out;
}

/// Whether the writer refuses this field, having written nothing.
bool refuses(std::string_view name, std::string_view value = "x") {
    const std::array fields{FieldView{name, value}};
    std::string out;
    try {
        write_request_head(out, {.host = "a.test", .fields = fields});
    } catch (const std::logic_error&) {
        return out.empty();
    }
    return false;
}

TEST(RequestWriter, PlainGet) {
    EXPECT_EQ(
        written({.target = "/a?b", .host = "a.test:8080", .user_agent = "fanfetch/1"}),
        "GET /a?b HTTP/1.1\r\n"
        "Host: a.test:8080\r\n"
        "User-Agent: fanfetch/1\r\n"
        "Accept: */*\r\n"
        "Accept-Encoding: gzip, deflate, br, zstd\r\n"
        "\r\n"
    );
}

TEST(RequestWriter, ABodyThatWaitsIsAnnouncedLast) {
    const auto head =
        written({.method = "POST", .host = "a.test", .body_size = 5, .expect_continue = true});

    EXPECT_TRUE(head.ends_with("Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")) << head;
}

TEST(RequestWriter, CallersFieldsStandAsGivenAndReplaceDefaults) {
    const std::array fields{
        FieldView{"user-agent", "mine"}, FieldView{"ACCEPT", "text/html"},
        FieldView{"Accept-encoding", "identity"}, FieldView{"X-A", ""}, FieldView{"X-A", "2\t3"}};

    EXPECT_EQ(
        written({.host = "a.test", .fields = fields, .user_agent = "fanfetch/1"}),
        "GET / HTTP/1.1\r\n"
        "Host: a.test\r\n"
        "user-agent: mine\r\n"
        "ACCEPT: text/html\r\n"
        "Accept-encoding: identity\r\n"
        "X-A: \r\n"
        "X-A: 2\t3\r\n"
        "\r\n"
    );
}

TEST(RequestWriter, LengthStandsWhereABodyIsOrIsUsual) {
    const auto with_body = written({.method = "DELETE", .host = "a.test", .body_size = 3});
    const auto empty_post = written({.method = "POST", .host = "a.test"});
    const auto get = written({.host = "a.test"});

    EXPECT_TRUE(with_body.ends_with("Content-Length: 3\r\n\r\n"));
    EXPECT_TRUE(empty_post.ends_with("Content-Length: 0\r\n\r\n"));
    EXPECT_EQ(get.find("Content-Length"), std::string::npos);
}

TEST(RequestWriter, AppendsToWhatIsThere) {
    std::string out = "before ";

    write_request_head(out, {.host = "a.test"});

    EXPECT_TRUE(out.starts_with("before GET / HTTP/1.1\r\n"));
}

TEST(RequestWriter, Inj03FieldsOfTheConnectionAreNeverWritten) {
    for (const auto name :
         {"Host", "Content-Length", "Transfer-Encoding", "TE", "Trailer", "Connection",
          "Keep-Alive", "Upgrade", "Expect", "Proxy-Authorization", "Proxy-Connection", "Proxy-",
          "hOsT", "CONTENT-LENGTH", "Content_Length", "transfer_encoding", "Keep_Alive",
          "proxy_authorization", "PROXY_X"}) {
        EXPECT_TRUE(refuses(name)) << name;
    }
    for (const auto name : {"Hosts", "X-Host", "T", "Contents-Length", "Proxy", "Expec", "Via"}) {
        EXPECT_FALSE(refuses(name)) << name;
    }
}

TEST(RequestWriter, Inj02BytesThatBreakTheFramingAreNeverWritten) {
    for (const auto name : {""sv, "a b"sv, "a:"sv, ":a"sv, "a\r\nb"sv, "a\0b"sv, "caf\xC3\xA9"sv}) {
        EXPECT_TRUE(refuses(name));
    }
    for (const auto value : {"a\r\nB: c"sv, "a\rb"sv, "a\nb"sv, "a\0b"sv, "\x7f"sv}) {
        EXPECT_TRUE(refuses("X", value));
    }
}

TEST(RequestWriter, Inj04TargetHostAndMethodAreOneWord) {
    for (const OutgoingRequest& request : {
             OutgoingRequest{.target = "/a b", .host = "a.test"},
             OutgoingRequest{.target = "/\r\nX: y", .host = "a.test"},
             OutgoingRequest{.target = "", .host = "a.test"},
             OutgoingRequest{.host = "a.test\r\nX: y"},
             OutgoingRequest{.host = ""},
             OutgoingRequest{.method = "GET /", .host = "a.test"},
             OutgoingRequest{.method = "", .host = "a.test"},
             OutgoingRequest{.host = "a.test", .user_agent = "x\r\ny"},
         }) {
        EXPECT_THROW((void)written(request), std::logic_error);
    }
}

}  // namespace
}  // namespace fanfetch
