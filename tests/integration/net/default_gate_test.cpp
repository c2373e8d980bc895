#include "net/default_gate.hpp"

#include "integration/net/gate_driver.hpp"
#include "support/run_coroutine.hpp"

#include <gtest/gtest.h>

#include <map>

namespace fanfetch {
namespace {

using testing::connect_once;
using testing::FakeResolver;
using testing::Origin;
using testing::run_coroutine;
using testing::Seen;
using testing::Surroundings;

using Texts = std::vector<std::string>;

/// Connects where nothing listens that matters: for what must not be dialled at all.
Seen connect_to(
    const std::string& url, Surroundings around = {}, std::map<std::string, Texts> names = {}
) {
    return run_coroutine([&](LoopExecutor) -> awaitable<Seen> {
        FakeResolver resolver;
        for (const auto& [name, addresses] : names) {
            resolver.answer(name, addresses);
        }
        co_return co_await connect_once(around, resolver, url);
    });
}

TEST(DefaultGate, Ssrf01RefusedLiteralsAreNeverDialled) {
    for (const char* host :
         {"127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]",
          "[fd00:ec2::254]", "192.168.1.1"}) {
        const Seen seen = connect_to("http://" + std::string{host} + "/");

        EXPECT_EQ(seen.code, failure_code::policy_address) << host;
        EXPECT_EQ(seen.connected, Texts{}) << host;
        EXPECT_EQ(seen.asked, Texts{}) << host;
    }
}

TEST(DefaultGate, Ssrf04RefusedNamesAreNeverAskedAbout) {
    for (const char* host : {"localhost", "localhost.", "a.localhost"}) {
        const Seen seen = connect_to("http://" + std::string{host} + "/");
        EXPECT_EQ(seen.code, failure_code::policy_address) << host;
        EXPECT_EQ(seen.asked, Texts{}) << host;
        EXPECT_EQ(seen.connected, Texts{}) << host;
    }
    for (const char* host : {"metadata.google.internal", "metadata", "instance-data", "intranet"}) {
        const Seen seen = connect_to("http://" + std::string{host} + "/");
        EXPECT_EQ(seen.code, failure_code::policy_host) << host;
        EXPECT_EQ(seen.asked, Texts{}) << host;
        EXPECT_EQ(seen.connected, Texts{}) << host;
    }
}

TEST(DefaultGate, Ssrf05NamesWithRefusedAnswersAreNeverDialled) {
    const std::map<std::string, Texts> names{
        {"loop.test", {"127.0.0.1"}},
        {"mapped.test", {"::ffff:127.0.0.1"}},
        {"nat64.test", {"64:ff9b::a9fe:a9fe"}},
        {"meta.test", {"8.8.8.8", "169.254.169.254"}},
        {"private.test", {"10.0.0.1", "192.168.0.1", "fd00::1"}},
        {"poisoned.test", {"8.8.8.8", "::1"}},
    };
    for (const auto& [name, addresses] : names) {
        const Seen seen = connect_to("http://" + name + "/", {}, names);

        EXPECT_EQ(seen.code, failure_code::policy_address) << name;
        EXPECT_EQ(seen.connected, Texts{}) << name;
    }
}

TEST(DefaultGate, Ssrf12RefusedPortsAreRefusedBeforeTheNameIsResolved) {
    for (const char* port : {"22", "25", "6379", "9200", "10080"}) {
        const Seen seen =
            connect_to("http://a.test:" + std::string{port} + "/", {}, {{"a.test", {"8.8.8.8"}}});

        EXPECT_EQ(seen.code, failure_code::policy_port) << port;
        EXPECT_EQ(seen.asked, Texts{}) << port;
    }
}

TEST(DefaultGate, Ssrf16RefusedTargetsLookAlike) {
    const Seen open = run_coroutine([](LoopExecutor home) -> awaitable<Seen> {
        const Origin origin{home};
        FakeResolver resolver;
        const Surroundings around;
        co_return co_await connect_once(around, resolver, origin.url("127.0.0.1"));
    });
    const Seen elsewhere = connect_to("http://10.1.2.3/");

    EXPECT_EQ(open.code, elsewhere.code);
    EXPECT_EQ(open.detail, elsewhere.detail);
    EXPECT_EQ(open.connected, Texts{});
    EXPECT_EQ(open.detail.find("127.0.0.1"), std::string::npos);
}

TEST(DefaultGate, Ssrf06OnlyAllowedAnswersAreDialled) {
    const Seen seen = run_coroutine([](LoopExecutor home) -> awaitable<Seen> {
        const Origin origin{home};
        FakeResolver resolver;
        resolver.answer("mixed.test", {"10.0.0.1", "127.0.0.1", "fd00::1"});
        Surroundings around;
        around.egress.allow = {"127.0.0.1:" + origin.port()};
        co_return co_await connect_once(around, resolver, origin.url("mixed.test"));
    });

    EXPECT_EQ(seen.code, failure_code::none) << seen.detail;
    EXPECT_EQ(seen.connected, Texts{seen.report.remote_address});
    EXPECT_EQ(seen.asked, Texts{"t mixed.test"});
    EXPECT_EQ(seen.report.tls_version, "");
}

TEST(DefaultGate, Ssrf04LocalhostIsLoopbackWithoutAsking) {
    const Seen seen = run_coroutine([](LoopExecutor home) -> awaitable<Seen> {
        const Origin origin{home};
        FakeResolver resolver;
        Surroundings around;
        around.egress.allow = {"127.0.0.0/8"};
        co_return co_await connect_once(around, resolver, origin.url("www.localhost"));
    });

    EXPECT_EQ(seen.code, failure_code::none) << seen.detail;
    EXPECT_EQ(seen.asked, Texts{});
}

TEST(DefaultGate, Ssrf14OurOwnListenerIsRefusedByAddressAndByName) {
    for (const char* host : {"127.0.0.1", "self.test", "localhost"}) {
        const Seen seen = run_coroutine([&](LoopExecutor home) -> awaitable<Seen> {
            const Origin own{home};
            FakeResolver resolver;
            resolver.answer("self.test", {"127.0.0.1"});
            Surroundings around;
            around.egress.allow = {"127.0.0.0/8", "::1"};
            around.egress.own_listeners = {parse_endpoint("127.0.0.1:" + own.port(), 0).value()};
            co_return co_await connect_once(around, resolver, own.url(host));
        });

        for (const std::string& connected : seen.connected) {
            EXPECT_TRUE(connected.starts_with("[::1]")) << connected;
        }
        EXPECT_NE(seen.code, failure_code::none) << host;
    }
}

TEST(DefaultGate, Ssrf15ATenantsExceptionIsNotForOthers) {
    const auto connect_as = [](std::string tenant) {
        return run_coroutine([&](LoopExecutor home) -> awaitable<Seen> {
            const Origin origin{home};
            FakeResolver resolver;
            Surroundings around;
            around.tenants["trusted"] = {"127.0.0.0/8"};
            around.tenant = tenant;
            co_return co_await connect_once(around, resolver, origin.url("127.0.0.1"));
        });
    };

    EXPECT_EQ(connect_as("trusted").code, failure_code::none);
    EXPECT_EQ(connect_as("other").code, failure_code::policy_address);
}

TEST(DefaultGate, FailuresOfTheResolverAreTheItems) {
    EXPECT_EQ(connect_to("http://none.test/").code, failure_code::dns_nxdomain);
}

}  // namespace
}  // namespace fanfetch
