#include "fetch/robots_cache.hpp"

#include "coro/event_loop.hpp"
#include "support/scripted_fetcher.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include <array>
#include <exception>

namespace fanfetch {
namespace {

using testing::ScriptedFetcher;

/// A clock that stands still until it is moved.
class StillClock final : public Clock {
public:
    Steady::time_point now() const override { return now_; }
    WallTime wall() const override { return WallTime{}; }
    void move(std::chrono::minutes by) { now_ += by; }

private:
    Steady::time_point now_ = Steady::now();
};

/// The cache over a scripted network.
class Bench {
public:
    Bench() {
        RobotsCache::Parts parts{loop.executor()};
        parts.fetcher = &network;
        parts.clock = &clock;
        parts.random = &random;
        parts.user_agent = "fanfetch/1";
        parts.spawn = [this](awaitable<void> body) {
            auto ended = [](const std::exception_ptr&) {};
            boost::asio::co_spawn(loop.executor(), std::move(body), std::move(ended));
        };
        cache = std::make_unique<RobotsCache>(std::move(parts));
    }

    /// What becomes of a URL, and whether the network was needed for it.
    failure_code check(const std::string& url, std::string_view tenant = "default") {
        const auto parsed = Url::parse(url);
        auto body = [&]() -> awaitable<failure_code> {
            const RobotsQuestion question{tenant, &*parsed, tls_verify::strict};
            const auto deadline = Steady::now() + std::chrono::minutes{1};
            const auto checked = co_await cache->check(question, deadline);
            co_return checked ? failure_code::none : checked.error().code;
        };
        return loop.run_until_complete(body());
    }
    std::size_t asked(const std::string& origin) const {
        return network.attempts(origin + "/robots.txt");
    }

    EventLoop loop{"bench"};
    ScriptedFetcher network;
    StillClock clock;
    FastRandom random{1};
    std::unique_ptr<RobotsCache> cache;
};

TEST(RobotsCache, FetchesOnceAnHour) {
    Bench bench;  // the scripted body is no robots.txt, which allows everything

    EXPECT_EQ(bench.check("http://a.test/1"), failure_code::none);
    EXPECT_EQ(bench.check("http://a.test/2"), failure_code::none);
    EXPECT_EQ(bench.asked("http://a.test"), 1U);

    bench.clock.move(std::chrono::minutes{61});
    EXPECT_EQ(bench.check("http://a.test/3"), failure_code::none);
    EXPECT_EQ(bench.asked("http://a.test"), 2U);
}

TEST(RobotsCache, EveryOriginHasItsOwn) {
    Bench bench;

    bench.check("http://a.test/");
    bench.check("https://a.test/");
    bench.check("http://a.test:8080/");
    bench.check("http://b.test/");

    for (const char* origin :
         {"http://a.test", "https://a.test", "http://a.test:8080", "http://b.test"}) {
        EXPECT_EQ(bench.asked(origin), 1U) << origin;
    }
}

TEST(RobotsCache, Auth10TenantsShareNothing) {
    Bench bench;

    bench.check("http://a.test/", "one");
    bench.check("http://a.test/", "two");

    EXPECT_EQ(bench.asked("http://a.test"), 2U);
}

TEST(RobotsCache, WhatAnOriginDoesNotHaveForbidsNothing) {
    constexpr std::array<std::uint16_t, 7> statuses{400, 401, 403, 404, 410, 451, 304};
    for (const auto status : statuses) {
        Bench bench;
        bench.network.answer("http://a.test/robots.txt", status);

        EXPECT_EQ(bench.check("http://a.test/"), failure_code::none) << status;
        EXPECT_EQ(bench.asked("http://a.test"), 1U);
    }
    for (const auto code :
         {failure_code::http_redirect_limit, failure_code::http_redirect_invalid}) {
        Bench bench;
        bench.network.fail("http://a.test/robots.txt", code);

        EXPECT_EQ(bench.check("http://a.test/"), failure_code::none);
    }
}

TEST(RobotsCache, WhatCannotBeHadForbidsEverythingForAMinute) {
    for (const auto code :
         {failure_code::dns_nxdomain, failure_code::tls_untrusted, failure_code::limit_body_size,
          failure_code::http_malformed}) {
        Bench bench;
        bench.network.fail("http://a.test/robots.txt", code);

        EXPECT_EQ(bench.check("http://a.test/"), failure_code::policy_robots);
        EXPECT_EQ(bench.check("http://a.test/2"), failure_code::policy_robots);
        EXPECT_EQ(bench.asked("http://a.test"), 1U);

        bench.clock.move(std::chrono::minutes{2});
        bench.check("http://a.test/3");
        EXPECT_EQ(bench.asked("http://a.test"), 2U);
    }
}

TEST(RobotsCache, TriesAgainBeforeItGivesUp) {
    Bench bench;
    bench.network.answer("http://a.test/robots.txt", 503);
    bench.network.fail("http://a.test/robots.txt", failure_code::connect_refused);
    bench.network.answer("http://a.test/robots.txt", 200);
    bench.network.answer("http://b.test/robots.txt", 429);

    EXPECT_EQ(bench.check("http://a.test/"), failure_code::none);
    EXPECT_EQ(bench.check("http://b.test/"), failure_code::policy_robots);
    EXPECT_EQ(bench.asked("http://a.test"), 3U);
    EXPECT_EQ(bench.asked("http://b.test"), 3U);
}

TEST(RobotsCache, Ssrf13AnOriginTheGateRefusesIsLeftToTheGate) {
    Bench bench;
    bench.network.fail("http://10.0.0.1/robots.txt", failure_code::policy_address);

    EXPECT_EQ(bench.check("http://10.0.0.1/"), failure_code::none);
}

TEST(RobotsCache, AsksOnceForAllWhoWait) {
    Bench bench;
    const auto url = Url::parse("http://a.test/x");
    int told = 0;
    auto body = [&]() -> awaitable<void> {
        for (int i = 0; i < 100; ++i) {
            bench.cache->ask({"default", &*url, tls_verify::strict}, [&told](const auto& rules) {
                told += rules != nullptr ? 1 : 0;
            });
        }
        co_await bench.cache->check(
            {"default", &*url, tls_verify::strict}, Steady::time_point::max()
        );
    };

    bench.loop.run_until_complete(body());

    EXPECT_EQ(told, 100);
    EXPECT_EQ(bench.asked("http://a.test"), 1U);
}

}  // namespace
}  // namespace fanfetch
