#include "base/time.hpp"
#include "raw_client.hpp"
#include "test_server.hpp"

#include <gtest/gtest.h>

namespace fanfetch::testing {
namespace {

/// Short enough to wait for, and long enough that a client on a crowded machine says in time what
/// it has to say.
constexpr std::chrono::milliseconds limit{1'000};

ServerOptions quick() {
    ServerOptions options;
    options.limits.header_timeout = limit;
    options.limits.idle_timeout = limit;
    options.limits.write_stall = limit;
    options.limits.linger = limit;
    return options;
}

std::vector<RawResponse> ask(TestServer& server, const std::string& bytes) {
    RawClient client{server.port()};
    client.send(bytes);
    client.shutdown_send();
    return parse_responses(client.read_all());
}

int status_of(TestServer& server, const std::string& bytes) {
    const auto responses = ask(server, bytes);
    return responses.size() == 1 ? responses[0].status : -1;
}

/// A GET whose header is `size` bytes long.
std::string header_of(std::size_t size) {
    std::string request{"GET /hello HTTP/1.1\r\nHost: a\r\nX: "};
    request.append(size - request.size() - 4, 'x');
    return request + "\r\n\r\n";
}

std::string target_of(std::size_t size) {
    return "GET /jobs/" + std::string(size - 6, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

std::string fields_of(std::size_t count) {
    std::string request{"GET /hello HTTP/1.1\r\nHost: a\r\n"};
    for (std::size_t i = 1; i < count; ++i) {
        request += "X: y\r\n";
    }
    return request + "\r\n";
}

TEST(HttpServerLimits, HeaderTargetAndFieldsFromBothSides) {
    const auto router = make_router();
    TestServer server{router.handler()};

    EXPECT_EQ(status_of(server, header_of(64 * 1024)), 200);
    EXPECT_EQ(status_of(server, header_of(64 * 1024 + 1)), 431);
    EXPECT_EQ(status_of(server, target_of(8 * 1024)), 200);
    EXPECT_EQ(status_of(server, target_of(8 * 1024 + 1)), 414);
    EXPECT_EQ(status_of(server, fields_of(1'000)), 200);
    EXPECT_EQ(status_of(server, fields_of(1'001)), 431);
}

TEST(HttpServerLimits, Cli04BodyBeyondTheHandlersLimitIsRefusedFromBothSides) {
    const auto router = make_router();  // /echo reads 1 MiB
    TestServer server{router.handler()};
    const auto counted = [](std::size_t size) {
        return "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) +
               "\r\n\r\n" + std::string(size, 'x');
    };
    const auto chunked = [](std::size_t size) {
        std::string request{"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"};
        for (std::size_t sent = 0; sent < size; sent += 1024) {
            request += "400\r\n" + std::string(1024, 'x') + "\r\n";
        }
        return request + "0\r\n\r\n";
    };

    EXPECT_EQ(status_of(server, counted(1U << 20U)), 200);
    EXPECT_EQ(status_of(server, counted((1U << 20U) + 1)), 413);
    EXPECT_EQ(status_of(server, chunked(1U << 20U)), 200);
    EXPECT_EQ(status_of(server, chunked((1U << 20U) + 1024)), 413);
}

TEST(HttpServerLimits, Cli04DeclaredSizeIsRefusedBeforeAnythingIsRead) {
    const auto router = make_router();
    TestServer server{router.handler()};
    RawClient client{server.port()};

    client.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n"
        "Expect: 100-continue\r\n\r\n"
    );
    const auto responses = parse_responses(client.read_all());

    ASSERT_EQ(responses.size(), 1U);
    EXPECT_EQ(responses[0].status, 413);
}

TEST(HttpServerLimits, Cli01HeaderThatNeverEndsGets408) {
    const auto router = make_router();
    TestServer server{router.handler(), quick()};
    RawClient begun{server.port()};
    RawClient silent{server.port()};
    RawClient second{server.port()};

    begun.send("GET /hello HTTP/1.1\r\nHost:");
    second.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nG");
    const auto answers = parse_responses(begun.read_all());
    const auto nothing = silent.read_all();
    const auto both = parse_responses(second.read_all());

    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].status, 408);
    EXPECT_EQ(nothing, "") << "a connection that never asked is closed without a word";
    EXPECT_FALSE(silent.timed_out());
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[1].status, 408);
}

TEST(HttpServerLimits, IdleConnectionIsClosedInSilence) {
    const auto router = make_router();
    TestServer server{router.handler(), quick()};
    RawClient client{server.port()};

    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto responses = parse_responses(client.read_all());

    EXPECT_EQ(responses.size(), 1U);
    EXPECT_FALSE(client.timed_out());
}

TEST(HttpServerLimits, Cli02SlowBodyGets408) {
    const auto router = make_router();
    TestServer server{router.handler(), quick()};
    RawClient client{server.port()};

    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    const auto responses = parse_responses(client.read_all());

    ASSERT_EQ(responses.size(), 1U);
    EXPECT_EQ(responses[0].status, 408);
}

TEST(HttpServerLimits, Cli02TimeInWhichTheHandlerDoesNotReadIsNotCounted) {
    Journal journal;
    const auto handler = [&](HttpRequest& request) -> awaitable<HttpReply> {
        const auto executor = co_await boost::asio::this_coro::executor;
        boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>
            busy{executor, Steady::now() + 3 * limit / 2};
        co_await busy.async_wait(no_throw);
        const auto body = co_await request.body->read_all(100);
        co_return HttpReply{.body = body ? *body : body.error().detail};
    };
    TestServer server{handler, quick()};

    const auto responses =
        ask(server, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");

    ASSERT_EQ(responses.size(), 1U);
    EXPECT_EQ(responses[0].body, "abc");
}

TEST(HttpServerLimits, Cli03ReaderThatStallsIsCutOff) {
    Journal journal;
    const auto handler = [&](HttpRequest&) -> awaitable<HttpReply> {
        HttpReply reply;
        reply.stream = [&](ResponseStream& out) -> awaitable<void> {
            const std::string piece(64 * 1024, 'x');
            while (co_await out.write(piece)) {
            }
            journal.note(out.gone() ? "cut off" : "odd");
        };
        co_return reply;
    };
    TestServer server{handler, quick()};
    RawClient client{server.port(), 4096};

    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

    EXPECT_TRUE(journal.wait_for("cut off"));
}

}  // namespace
}  // namespace fanfetch::testing
