#include "base/time.hpp"
#include "raw_client.hpp"
#include "test_server.hpp"

#include <gtest/gtest.h>
#include <boost/asio/basic_waitable_timer.hpp>

namespace fanfetch::testing {
namespace {

using namespace std::chrono_literals;
using Timer =
    boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>;

constexpr std::string_view request_line = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Waits until the client is gone, as a long poll would.
HttpHandler long_wait(Journal& journal) {
    return [&journal](HttpRequest& request) -> awaitable<HttpReply> {
        co_await request.body->read_all(1000);
        const auto executor = co_await boost::asio::this_coro::executor;
        Timer wait{executor, Steady::time_point::max()};
        request.on_client_gone([&] {
            journal.note("gone");
            wait.cancel();
        });
        journal.note("waiting");
        co_await wait.async_wait(no_throw);
        co_return HttpReply{.body = "late"};
    };
}

/// A stream with nothing to say, until it is told to end.
HttpHandler quiet_stream(Journal& journal) {
    return [&journal](HttpRequest&) -> awaitable<HttpReply> {
        HttpReply reply;
        reply.stream = [&journal](ResponseStream& out) -> awaitable<void> {
            const auto executor = co_await boost::asio::this_coro::executor;
            Timer wait{executor, Steady::time_point::max()};
            out.on_gone([&] { wait.cancel(); });
            co_await out.write("first\n");
            journal.note("streaming");
            co_await wait.async_wait(no_throw);
            journal.note(out.gone() ? "gone" : "odd");
            co_await out.write("last\n");
        };
        co_return reply;
    };
}

TEST(HttpServerGone, Cli10ClosedInTheHeaderOrTheBody) {
    Journal journal;
    const auto handler = [&](HttpRequest& request) -> awaitable<HttpReply> {
        journal.note("begun " + request.path);
        const auto body = co_await request.body->read_all(1000);
        if (!body && body.error().code == failure_code::upload_aborted) {
            journal.note("aborted");
        }
        co_return HttpReply{};
    };
    TestServer server{handler};
    RawClient in_header{server.port()};
    RawClient in_body{server.port()};
    RawClient in_chunk{server.port()};

    in_header.send("GET / HTTP/1.1\r\nHo");
    in_header.close();
    in_body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    in_body.close();
    in_chunk.send("POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
    EXPECT_TRUE(journal.wait_for("begun /2"));  // a reset takes back what was not read yet
    in_chunk.reset();

    EXPECT_TRUE(server.wait_until_empty());
    EXPECT_EQ(journal.count("aborted"), 2U);
}

TEST(HttpServerGone, Cli10LongWaitHearsOfAClientThatWentAway) {
    Journal journal;
    TestServer server{long_wait(journal)};

    for (const int round : {1, 2}) {
        RawClient client{server.port()};
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
        EXPECT_TRUE(journal.wait_for("waiting", round));
        round == 1 ? client.close() : client.reset();
        EXPECT_TRUE(journal.wait_for("gone", round));
    }

    server.shutdown(patience);
    EXPECT_EQ(journal.count("gone"), 2U);
    EXPECT_EQ(server.server().open_connections(), 0U);
}

TEST(HttpServerGone, Cli10HalfClosedClientStillGetsTheAnswer) {
    Journal journal;
    TestServer server{long_wait(journal)};
    RawClient client{server.port()};

    client.send(request_line);
    client.shutdown_send();
    const auto responses = parse_responses(client.read_all());

    ASSERT_EQ(responses.size(), 1U);
    EXPECT_EQ(responses[0].body, "late");
}

TEST(HttpServerGone, PipelinedRequestReadAheadIsAnsweredLater) {
    std::atomic<int> calls{0};
    const auto handler = [&](HttpRequest& request) -> awaitable<HttpReply> {
        const auto number = ++calls;
        const auto executor = co_await boost::asio::this_coro::executor;
        request.on_client_gone([] {});
        if (number == 1) {
            Timer wait{executor, Steady::now() + 20ms};  // the second request arrives meanwhile
            co_await wait.async_wait(no_throw);
        }
        co_return HttpReply{.body = std::to_string(number)};
    };
    TestServer server{handler};
    RawClient client{server.port()};

    client.send(request_line);
    client.send(request_line);
    const auto first = client.read_response();
    const auto second = client.read_response();
    client.send(request_line);
    const auto third = client.read_response();

    EXPECT_EQ(first.body, "1");
    EXPECT_EQ(second.body, "2");
    EXPECT_EQ(third.body, "3");
}

TEST(HttpServerGone, Cli10QuietStreamEndsWhenItsReaderGoes) {
    Journal journal;
    TestServer server{quiet_stream(journal)};
    RawClient client{server.port()};

    client.send(request_line);
    client.read_until("first\n");
    client.close();

    EXPECT_TRUE(journal.wait_for("gone"));
}

TEST(HttpServerGone, Cli10CallbackOfAHandlerThatStreamsLastsAsLongAsTheStream) {
    Journal journal;
    const auto stream = quiet_stream(journal);
    const auto handler = [&](HttpRequest& request) -> awaitable<HttpReply> {
        request.on_client_gone([&journal] { journal.note("told"); });
        co_return co_await stream(request);
    };
    TestServer server{handler};
    RawClient client{server.port()};

    client.send(request_line);
    client.read_until("first\n");
    client.close();

    EXPECT_TRUE(journal.wait_for("told"));
    EXPECT_TRUE(journal.wait_for("gone"));
}

TEST(HttpServerGone, Shd03StreamGetsItsLastWordAtShutdown) {
    Journal journal;
    TestServer server{quiet_stream(journal)};
    RawClient client{server.port()};
    client.send(request_line);
    client.read_until("first\n");
    const auto begun = Steady::now();

    server.shutdown(patience);
    const auto rest = client.read_all();

    EXPECT_NE(rest.find("last\n"), std::string::npos);
    EXPECT_NE(rest.find("0\r\n\r\n"), std::string::npos) << "the stream ended properly";
    EXPECT_FALSE(client.was_reset());
    EXPECT_LT(Steady::now() - begun, patience) << "nobody waits for one more request";
}

TEST(HttpServerGone, Shd03HandlerThatWaitsGivesALastAnswerAtShutdown) {
    Journal journal;
    const auto handler = [&](HttpRequest& request) -> awaitable<HttpReply> {
        const auto executor = co_await boost::asio::this_coro::executor;
        Timer wait{executor, Steady::time_point::max()};
        request.on_client_gone([&] { journal.note("gone"); });
        request.on_ending([&] {
            journal.note("ending");
            wait.cancel();
        });
        journal.note("waiting");
        co_await wait.async_wait(no_throw);
        co_return HttpReply{.body = "not yet"};
    };
    TestServer server{handler};
    RawClient client{server.port()};
    client.send(request_line);
    EXPECT_TRUE(journal.wait_for("waiting"));

    std::thread stopping{[&] { server.shutdown(patience); }};
    const auto responses = parse_responses(client.read_all());
    client.close();
    stopping.join();

    ASSERT_EQ(responses.size(), 1U);
    EXPECT_EQ(responses[0].body, "not yet");
    EXPECT_EQ(responses[0].headers.find("connection")->second, "close");
    EXPECT_EQ(journal.count("ending"), 1U);
    EXPECT_EQ(journal.count("gone"), 0U);
}

TEST(HttpServerGone, AClientThatWentAwayIsNotTheEndOfTheServer) {
    Journal journal;
    const auto handler = [&](HttpRequest& request) -> awaitable<HttpReply> {
        const auto executor = co_await boost::asio::this_coro::executor;
        Timer wait{executor, Steady::time_point::max()};
        request.on_ending([&] { journal.note("ending"); });
        request.on_client_gone([&] {
            journal.note("gone");
            wait.cancel();
        });
        co_await wait.async_wait(no_throw);
        co_return HttpReply{};
    };
    TestServer server{handler};
    RawClient client{server.port()};

    client.send(request_line);
    client.close();

    EXPECT_TRUE(journal.wait_for("gone"));
    EXPECT_TRUE(server.wait_until_empty());
    EXPECT_EQ(journal.count("ending"), 0U);
}

TEST(HttpServerGone, ShutdownIsNotAClientThatWentAway) {
    Journal journal;
    TestServer server{long_wait(journal)};
    RawClient client{server.port()};
    client.send(request_line);
    EXPECT_TRUE(journal.wait_for("waiting"));

    server.shutdown(20ms);

    EXPECT_EQ(journal.count("gone"), 0U) << "a job would have been cancelled";
    EXPECT_EQ(server.server().open_connections(), 0U) << "what outlasts the grace is cancelled";
}

TEST(HttpServerGone, ShutdownLetsARequestInProgressFinish) {
    Journal journal;
    std::function<void()> release;
    const auto handler = [&](HttpRequest&) -> awaitable<HttpReply> {
        const auto executor = co_await boost::asio::this_coro::executor;
        Timer wait{executor, Steady::time_point::max()};
        release = [&] { wait.cancel(); };
        journal.note("begun");
        co_await wait.async_wait(no_throw);
        co_return HttpReply{.body = "finished"};
    };
    TestServer server{handler};
    RawClient busy{server.port()};
    RawClient idle{server.port()};
    busy.send(request_line);
    EXPECT_TRUE(journal.wait_for("begun"));

    std::thread stopping{[&] { server.shutdown(patience); }};
    EXPECT_EQ(idle.read_all(), "") << "an idle connection is closed at once";
    server.at_home([&] { release(); });
    const auto response = busy.read_response();
    stopping.join();

    EXPECT_EQ(response.body, "finished");
    EXPECT_EQ(response.headers.find("connection")->second, "close");
    EXPECT_THROW(RawClient{server.port()}, std::runtime_error) << "nobody listens any more";
}

TEST(HttpServerGone, DrainingServerAnswersAndClosesButStillAccepts) {
    const auto router = make_router();
    TestServer server{router.handler()};
    RawClient kept{server.port()};
    kept.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto before = kept.read_response();

    server.at_home([&] { server.server().drain(); });
    server.at_home([] {});  // orders to shards are posted: behind this one they are done
    kept.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto after = parse_responses(kept.read_all());
    RawClient late{server.port()};
    late.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto answered = parse_responses(late.read_all());

    EXPECT_FALSE(before.headers.contains("connection"));
    ASSERT_EQ(after.size(), 1U);
    EXPECT_EQ(after[0].headers.find("connection")->second, "close");
    ASSERT_EQ(answered.size(), 1U);
    EXPECT_EQ(answered[0].status, 200);
}

}  // namespace
}  // namespace fanfetch::testing
