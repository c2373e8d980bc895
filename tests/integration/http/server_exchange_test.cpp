#include "base/expected.hpp"
#include "base/failure_error.hpp"
#include "raw_client.hpp"
#include "test_server.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>

namespace fanfetch::testing {
namespace {

/// Sends, says that nothing more comes, and returns what came back.
std::vector<RawResponse> ask(TestServer& server, std::string_view bytes, bool head = false) {
    RawClient client{server.port()};
    client.send(bytes);
    client.shutdown_send();
    return parse_responses(client.read_all(), head);
}

std::string get(const std::string& target, const std::string& fields = {}) {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

/// The value of a field, or what a test will not expect.
std::string field(const RawResponse& response, const std::string& name) {
    const auto found = response.headers.find(name);
    return found == response.headers.end() ? "(absent)" : found->second;
}

std::string gunzip(const std::string& coded) {
    z_stream stream{};
    inflateInit2(&stream, 15 + 16);
    std::string plain(1U << 20U, '\0');
    std::string input = coded;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(plain.data());
    stream.avail_out = static_cast<uInt>(plain.size());
    const int result = inflate(&stream, Z_FINISH);
    plain.resize(plain.size() - stream.avail_out);
    inflateEnd(&stream);
    return result == Z_STREAM_END ? plain : "(broken)";
}

/// A JSON array of about 60 KB.
std::string long_json() {
    std::string json{"["};
    for (int i = 0; i < 10'000; ++i) {
        json += std::to_string(i) + ",";
    }
    json.back() = ']';
    return json;
}

Router make_replies() {
    Router router = make_router();
    router.add(http::verb::get, "/json", [](HttpRequest&) -> awaitable<HttpReply> {
        HttpReply reply{.body = long_json()};
        reply.set("Content-Type", "application/json");
        reply.set("ETag", "\"v1\"");
        co_return reply;
    });
    router.add(http::verb::get, "/lines", [](HttpRequest&) -> awaitable<HttpReply> {
        HttpReply reply;
        reply.set("Content-Type", "application/x-ndjson");
        reply.stream = [](ResponseStream& out) -> awaitable<void> {
            for (const std::string line : {"1\n", "", "2\n"}) {
                co_await out.write(line);
            }
        };
        co_return reply;
    });
    router.add(http::verb::get, "/broken", [](HttpRequest&) -> awaitable<HttpReply> {
        HttpReply reply;
        reply.stream = [](ResponseStream& out) -> awaitable<void> {
            co_await out.write("half");
            throw std::runtime_error{"the disk is gone"};
        };
        co_return reply;
    });
    router.add(http::verb::get, "/fails", [](HttpRequest&) -> awaitable<HttpReply> {
        throw FailureError{failed(failure_code::store_unavailable, "reading a row: damaged")};
    });
    router.add(http::verb::get, "/short", [](HttpRequest&) -> awaitable<HttpReply> {
        HttpReply reply{.stream_length = 10};
        reply.stream = [](ResponseStream& out) -> awaitable<void> { co_await out.write("short"); };
        co_return reply;
    });
    router.add(http::verb::get, "/injects", [](HttpRequest&) -> awaitable<HttpReply> {
        HttpReply reply;
        reply.set("X-A", "b\r\nX-Evil: c");
        co_return reply;
    });
    return router;
}

class HttpServerExchange : public ::testing::Test {
protected:
    Router router_ = make_replies();
    TestServer server_{router_.handler()};
};

TEST_F(HttpServerExchange, Cli12ThousandPipelinedRequestsAreAnsweredInOrder) {
    std::string requests;
    for (int i = 0; i < 1'000; ++i) {
        const auto number = std::to_string(i);
        requests +=
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(number.size()) +
            "\r\n\r\n" + number;
    }

    const auto responses = ask(server_, requests);

    ASSERT_EQ(responses.size(), 1'000U);
    for (std::size_t i = 0; i < responses.size(); ++i) {
        ASSERT_EQ(responses[i].body, std::to_string(i));
    }
}

TEST_F(HttpServerExchange, Cli12NothingAfterConnectionCloseIsAnswered) {
    const auto responses = ask(server_, get("/hello", "Connection: close\r\n") + get("/hello"));

    ASSERT_EQ(responses.size(), 1U);
    EXPECT_EQ(field(responses[0], "connection"), "close");
}

TEST_F(HttpServerExchange, HeadIsGetWithoutItsBody) {
    const auto responses =
        ask(server_,
            "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\nHEAD /lines HTTP/1.1\r\nHost: a\r\n\r\n", true);

    ASSERT_EQ(responses.size(), 2U);
    EXPECT_EQ(responses[0].status, 200);
    EXPECT_EQ(field(responses[0], "content-length"), "5");
    EXPECT_EQ(responses[1].status, 200);
    EXPECT_EQ(field(responses[1], "transfer-encoding"), "chunked");
}

TEST_F(HttpServerExchange, Cli16UnknownPathAndMethodAreProblems) {
    const auto responses =
        ask(server_, get("/nowhere") + "DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n" +
                         "BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n" +
                         "OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n" +
                         "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");

    ASSERT_EQ(responses.size(), 5U);
    EXPECT_EQ(responses[0].status, 404);
    EXPECT_EQ(field(responses[0], "content-type"), "application/problem+json");
    EXPECT_NE(responses[0].body.find("\"code\":\"not_found\""), std::string::npos);
    EXPECT_NE(responses[0].body.find("\"instance\":\"/nowhere\""), std::string::npos);
    EXPECT_EQ(responses[1].status, 405);
    EXPECT_EQ(field(responses[1], "allow"), "OPTIONS, GET, HEAD");
    EXPECT_EQ(responses[2].status, 405);
    EXPECT_EQ(responses[3].status, 204);
    EXPECT_EQ(field(responses[3], "allow"), "OPTIONS, POST");
    EXPECT_EQ(responses[4].status, 204);
}

TEST_F(HttpServerExchange, Path03OddPathsFindNothing) {
    const auto responses =
        ask(server_, get("/jobs/..%2fhello") + get("/jobs/%00") + get("//hello") +
                         get("/jobs/%2e%2e") + get("/jobs/%c0%ae") + get("/jobs/%") +
                         get("/jobs/") + get("/jobs/a%5cb") + get("/jobs/a%20b"));

    std::vector<int> statuses;
    for (const auto& response : responses) {
        statuses.push_back(response.status);
    }
    EXPECT_EQ(statuses, (std::vector{404, 400, 404, 404, 400, 400, 404, 404, 200}));
}

TEST_F(HttpServerExchange, ContinueIsSaidWhenTheBodyIsFirstRead) {
    RawClient client{server_.port()};

    client.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    );
    const auto interim = client.read_response();
    client.send("abc");
    const auto final = client.read_response();

    EXPECT_EQ(interim.status, 100);
    EXPECT_EQ(final.status, 200);
    EXPECT_EQ(final.body, "abc");
}

TEST_F(HttpServerExchange, ContinueIsNotSaidForABodyNobodyReads) {
    RawClient client{server_.port()};

    client.send(
        "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    );
    const auto responses = parse_responses(client.read_all());

    ASSERT_EQ(responses.size(), 1U);
    EXPECT_EQ(responses[0].status, 200);
    EXPECT_EQ(field(responses[0], "connection"), "close");
}

TEST_F(HttpServerExchange, ShortUnreadBodyIsReadAwayAndALongOneEndsTheConnection) {
    const std::string body(60'000, 'x');
    const auto post = [&](std::size_t size) {
        return "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) +
               "\r\n\r\n" + body;
    };

    const auto kept = ask(server_, post(body.size()) + get("/hello"));
    const auto closed = ask(server_, post(body.size() + 60'000) + body + get("/hello"));

    ASSERT_EQ(kept.size(), 2U);
    EXPECT_EQ(kept[1].body, "hello");
    ASSERT_EQ(closed.size(), 1U);
    EXPECT_EQ(field(closed[0], "connection"), "close");
}

TEST_F(HttpServerExchange, StreamIsChunkedOrEndsWithTheConnectionInHttp10) {
    const auto chunked = ask(server_, get("/lines") + get("/hello"));
    const auto plain = ask(server_, "GET /lines HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

    ASSERT_EQ(chunked.size(), 2U);
    EXPECT_EQ(chunked[0].body, "1\n2\n");
    ASSERT_EQ(plain.size(), 1U);
    EXPECT_EQ(plain[0].body, "1\n2\n");
    EXPECT_EQ(field(plain[0], "connection"), "close");
}

TEST_F(HttpServerExchange, BrokenStreamNeverLooksWhole) {
    RawClient thrown{server_.port()};
    RawClient short_one{server_.port()};

    thrown.send(get("/broken"));
    short_one.send(get("/short"));
    const auto half = thrown.read_all();
    const auto fewer = short_one.read_all();

    EXPECT_EQ(half.find("0\r\n\r\n"), std::string::npos);
    EXPECT_TRUE(thrown.was_reset());
    EXPECT_EQ(fewer.find("Content-Length: 10") == std::string::npos, fewer.empty());
    EXPECT_TRUE(short_one.was_reset());
}

TEST_F(HttpServerExchange, Api02WhatAHandlerThrowsStaysInside) {
    const auto responses = ask(server_, get("/throws") + get("/injects") + get("/hello"));

    ASSERT_EQ(responses.size(), 3U);
    EXPECT_EQ(responses[0].status, 500);
    EXPECT_EQ(responses[0].body.find("secret"), std::string::npos);
    EXPECT_EQ(responses[1].status, 500);
    EXPECT_FALSE(responses[1].headers.contains("x-evil"));
    EXPECT_EQ(responses[2].status, 200);
}

TEST_F(HttpServerExchange, AFailureThatIsThrownIsTheAnswer) {
    const auto responses = ask(server_, get("/fails") + get("/hello"));

    ASSERT_EQ(responses.size(), 2U);
    EXPECT_EQ(responses[0].status, 503);
    EXPECT_NE(responses[0].body.find("store.unavailable"), std::string::npos);
    EXPECT_NE(responses[0].body.find("reading a row: damaged"), std::string::npos);
    EXPECT_EQ(responses[1].status, 200);
}

TEST_F(HttpServerExchange, RequestIdIsTheClientsIfItIsAToken) {
    const auto responses =
        ask(server_,
            get("/hello", "X-Request-Id: abc-1\r\n") + get("/hello", "X-Request-Id: a b\r\n") +
                get("/hello", "X-Request-Id: " + std::string(129, 'a') + "\r\n") + get("/hello"));

    ASSERT_EQ(responses.size(), 4U);
    EXPECT_EQ(field(responses[0], "x-request-id"), "abc-1");
    EXPECT_NE(field(responses[1], "x-request-id"), "a b");
    EXPECT_LT(field(responses[2], "x-request-id").size(), 64U);
    EXPECT_NE(field(responses[1], "x-request-id"), field(responses[3], "x-request-id"));
}

TEST_F(HttpServerExchange, LongTextIsCompressedWhenAskedFor) {
    const auto responses =
        ask(server_, get("/json", "Accept-Encoding: br, gzip\r\n") + get("/json") +
                         get("/hello", "Accept-Encoding: gzip\r\n") +
                         get("/lines", "Accept-Encoding: gzip\r\n"));

    ASSERT_EQ(responses.size(), 4U);
    EXPECT_EQ(field(responses[0], "content-encoding"), "gzip");
    EXPECT_EQ(field(responses[0], "etag"), "\"v1-gzip\"");
    EXPECT_EQ(field(responses[0], "vary"), "Accept-Encoding");
    EXPECT_EQ(gunzip(responses[0].body), long_json());
    EXPECT_EQ(field(responses[1], "content-encoding"), "(absent)");
    EXPECT_EQ(field(responses[1], "etag"), "\"v1\"");
    EXPECT_EQ(field(responses[1], "vary"), "Accept-Encoding");
    EXPECT_EQ(field(responses[2], "content-encoding"), "(absent)") << "too short to be worth it";
    EXPECT_EQ(gunzip(responses[3].body), "1\n2\n");
}

TEST(HttpServer, ConnectionsAreHandedToAllShardsInTurn) {
    std::mutex mutex;
    std::vector<std::thread::id> threads;
    const auto handler = [&](HttpRequest&) -> awaitable<HttpReply> {
        const std::lock_guard guard{mutex};
        threads.push_back(std::this_thread::get_id());
        co_return HttpReply{};
    };
    TestServer server{handler, {}, 2};

    for (int i = 0; i < 4; ++i) {
        ask(server, get("/"));
    }

    ASSERT_EQ(threads.size(), 4U);
    EXPECT_EQ(threads[0], threads[2]);
    EXPECT_EQ(threads[1], threads[3]);
    EXPECT_NE(threads[0], threads[1]);
}

}  // namespace
}  // namespace fanfetch::testing
