#include "raw_client.hpp"
#include "test_server.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <deque>

namespace fanfetch::testing {
namespace {

constexpr std::string_view hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view livez = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";

Router make_routes() {
    auto router = make_router();
    router.add(http::verb::get, "/livez", [](HttpRequest&) -> awaitable<HttpReply> {
        co_return HttpReply{.body = "alive"};
    });
    return router;
}

ServerOptions make_options(std::size_t max_connections) {
    ServerOptions options;
    options.limits.max_connections = max_connections;
    options.essential = [](const HttpRequest& request) { return request.path == "/livez"; };
    return options;
}

RawResponse ask(RawClient& client, std::string_view request) {
    client.send(request);
    const auto responses = parse_responses(client.read_all());
    return responses.size() == 1 ? responses[0] : RawResponse{};
}

/// Takes every descriptor the process may have, for as long as it lives. One that another thread
/// holds for a moment only, as accept(2) does, would be left free.
class NoMoreDescriptors {
public:
    NoMoreDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit lowered = before_;
        lowered.rlim_cur = enough;
        ::setrlimit(RLIMIT_NOFILE, &lowered);
        while (fill_one()) {
        }
    }
    ~NoMoreDescriptors() {
        ::setrlimit(RLIMIT_NOFILE, &before_);
        for (const int descriptor : filled_) {
            ::close(descriptor);
        }
    }
    NoMoreDescriptors(const NoMoreDescriptors&) = delete;
    NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

private:
    static constexpr rlim_t enough = 256;  // for this process, which it lets us fill up quickly

    bool fill_one() {
        const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (descriptor >= 0) {
            filled_.push_back(descriptor);
        }
        return descriptor >= 0;
    }

    rlimit before_{};
    std::vector<int> filled_;
};

TEST(HttpServerFull, Cli11BeyondTheCapOnlyTheEssentialIsAnswered) {
    const auto router = make_routes();
    TestServer server{router.handler(), make_options(2)};
    RawClient first{server.port()};
    RawClient second{server.port()};
    first.send(hello);
    second.send(hello);
    EXPECT_EQ(first.read_response().status, 200);
    EXPECT_EQ(second.read_response().status, 200);
    RawClient third{server.port()};
    const auto refused = ask(third, hello);
    RawClient fourth{server.port()};  // only now: without a place a client has to be quick
    const auto health = ask(fourth, livez);
    first.send(hello);

    EXPECT_EQ(refused.status, 503);
    EXPECT_TRUE(refused.headers.contains("retry-after"));
    EXPECT_NE(refused.body.find("\"code\":\"queue.full\""), std::string::npos);
    EXPECT_EQ(health.status, 200);
    EXPECT_EQ(first.read_response().status, 200) << "who has a place keeps it";
}

TEST(HttpServerFull, Cli11SilentCrowdGivesWayToTheNewest) {
    const auto router = make_routes();
    TestServer server{router.handler(), make_options(1)};
    RawClient first{server.port()};
    first.send(hello);
    EXPECT_EQ(first.read_response().status, 200);

    std::deque<RawClient> crowd;
    for (int i = 0; i < 200; ++i) {
        crowd.emplace_back(server.port());
    }
    RawClient newest{server.port()};
    const auto health = ask(newest, livez);
    const auto oldest = parse_responses(crowd.front().read_all());

    EXPECT_EQ(health.status, 200);
    ASSERT_EQ(oldest.size(), 1U);
    EXPECT_EQ(oldest[0].status, 503);
}

TEST(HttpServerFull, PlaceIsFreeAgainWhenAConnectionEnds) {
    const auto router = make_routes();
    TestServer server{router.handler(), make_options(1)};
    {
        RawClient first{server.port()};
        first.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        first.read_all();
    }
    EXPECT_TRUE(server.wait_until_empty());

    RawClient second{server.port()};
    second.send(hello);

    EXPECT_EQ(second.read_response().status, 200);
}

TEST(HttpServerFull, Crs10HealthAnswersFromTheReserveWhenDescriptorsRunOut) {
    const auto router = make_routes();
    TestServer server{router.handler(), make_options(100)};
    server.at_home([] {});  // behind its first accept, which has nobody to accept yet
    RawResponse health;
    RawResponse refused;
    {
        RawClient first;
        RawClient second;
        const NoMoreDescriptors none;  // but the clients have theirs; the server's ends need some
        first.connect(server.port());
        health = ask(first, livez);
        EXPECT_TRUE(server.wait_until_empty());  // and the reserve is full again
        second.connect(server.port());
        refused = ask(second, hello);
    }
    RawClient third{server.port()};
    third.send(hello);
    const auto later = third.read_response();

    EXPECT_EQ(health.status, 200);
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(later.status, 200) << "with descriptors there is service again";
}

}  // namespace
}  // namespace fanfetch::testing
