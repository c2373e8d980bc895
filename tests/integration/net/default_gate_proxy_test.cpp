#include "coro/spawn.hpp"
#include "integration/net/gate_driver.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <list>
#include <memory>

namespace fanfetch {
namespace {

namespace asio = boost::asio;
using testing::connect_once;
using testing::FakeResolver;
using testing::run_coroutine;
using testing::Seen;
using testing::Surroundings;
using testing::Texts;

constexpr const char* established = "HTTP/1.1 200 Connection established\r\n\r\n";

/// A proxy that gives everybody the same answer and keeps the first lines of what it was asked.
class ProxyStub {
public:
    ProxyStub(LoopExecutor home, std::string answer)
        : acceptor_{home, asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), 0}},
          answer_{std::move(answer)} {}

    [[nodiscard]] EgressProxy where(proxy_resolve resolve) const {
        EgressProxy proxy{"127.0.0.1", acceptor_.local_endpoint().port()};
        proxy.resolve = resolve;
        return proxy;
    }
    [[nodiscard]] std::string endpoint() const {
        return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }
    [[nodiscard]] const Texts& asked() const { return asked_; }

    awaitable<> serve() {
        for (;;) {
            auto [error, accepted] = co_await acceptor_.async_accept(no_throw);
            if (error) {
                co_return;
            }
            TcpSocket& link = links_.emplace_back(std::move(accepted));
            std::string head;
            auto [cut, size] = co_await asio::async_read_until(
                link, asio::dynamic_buffer(head), "\r\n\r\n", no_throw
            );
            if (!cut) {
                asked_.push_back(head.substr(0, head.find('\r')));
                co_await asio::async_write(link, asio::buffer(answer_), no_throw);
            }
        }
    }

private:
    asio::basic_socket_acceptor<asio::ip::tcp, LoopExecutor> acceptor_;
    std::string answer_;
    Texts asked_;
    std::list<TcpSocket> links_;
};

/// The stub lives as long as what it waits for, which may be longer than the test's own coroutine.
awaitable<> serve(std::shared_ptr<ProxyStub> proxy) {
    co_await proxy->serve();
}

/// One connect by way of a proxy.
struct Trip {
    Seen seen;
    Texts asked_proxy;
    std::string proxy;
};

Trip travel(
    std::string url, proxy_resolve resolve, std::string answer = established,
    std::map<std::string, Texts> names = {{"good.test", {"93.184.216.34"}}}
) {
    return run_coroutine([&](LoopExecutor home) -> awaitable<Trip> {
        const auto proxy = std::make_shared<ProxyStub>(home, answer);
        auto serving = spawn(home, serve(proxy));
        FakeResolver resolver;
        for (const auto& [name, addresses] : names) {
            resolver.answer(name, addresses);
        }
        Surroundings around;
        around.proxy = proxy->where(resolve);
        Trip trip;
        trip.proxy = proxy->endpoint();
        trip.seen = co_await connect_once(around, resolver, url);
        trip.asked_proxy = proxy->asked();
        serving.cancel();
        co_return trip;
    });
}

TEST(DefaultGateProxy, Ssrf13TheJudgedAddressIsWhatTheProxyIsAskedFor) {
    const auto trip = travel(
        "http://good.test/", proxy_resolve::local, established,
        {{"good.test", {"10.0.0.1", "93.184.216.34", "192.168.0.1"}}}
    );

    EXPECT_EQ(trip.seen.code, failure_code::none) << trip.seen.detail;
    EXPECT_EQ(trip.asked_proxy, Texts{"CONNECT 93.184.216.34:80 HTTP/1.1"});
    EXPECT_EQ(trip.seen.connected, Texts{trip.proxy}) << "and nothing is dialled but the proxy";
    EXPECT_EQ(trip.seen.report.remote_address, "93.184.216.34:80");
}

TEST(DefaultGateProxy, Ssrf13RefusedTargetsNeverReachTheProxy) {
    for (const auto resolve : {proxy_resolve::local, proxy_resolve::proxy}) {
        for (const char* url :
             {"http://10.0.0.1/", "http://169.254.169.254/", "https://[::1]/", "http://localhost/",
              "http://metadata.google.internal/", "http://intranet/", "http://good.test:22/"}) {
            const auto trip = travel(url, resolve);

            EXPECT_NE(trip.seen.code, failure_code::none) << url;
            EXPECT_EQ(trip.seen.connected, Texts{}) << url;
            EXPECT_EQ(trip.seen.asked, Texts{}) << url;
        }
    }
    const auto poisoned = travel(
        "http://good.test/", proxy_resolve::local, established,
        {{"good.test", {"93.184.216.34", "127.0.0.1"}}}
    );
    EXPECT_EQ(poisoned.seen.code, failure_code::policy_address);
    EXPECT_EQ(poisoned.seen.connected, Texts{});
}

TEST(DefaultGateProxy, Ssrf13ATrustedProxyIsAskedByName) {
    const auto plain = travel("http://unknown.test/", proxy_resolve::proxy);

    EXPECT_EQ(plain.seen.code, failure_code::none) << plain.seen.detail;
    EXPECT_EQ(plain.seen.asked, Texts{}) << "we ask nobody";
    EXPECT_EQ(plain.seen.connected, Texts{plain.proxy});
    EXPECT_EQ(plain.asked_proxy, Texts{}) << "the request itself says where to";
    EXPECT_EQ(plain.seen.report.remote_address, "");

    const auto tunnelled =
        travel("https://unknown.test:8443/", proxy_resolve::proxy, "HTTP/1.1 403 No\r\n\r\n");
    EXPECT_EQ(tunnelled.seen.code, failure_code::connect_refused);
    EXPECT_EQ(tunnelled.asked_proxy, Texts{"CONNECT unknown.test:8443 HTTP/1.1"});
}

TEST(DefaultGateProxy, OneAddressAfterTheOtherUnlessTheProxyItselfRefuses) {
    const std::map<std::string, Texts> names{
        {"good.test", {"2606:2800:220:1::34", "93.184.216.34"}}};

    const auto unreachable =
        travel("http://good.test/", proxy_resolve::local, "HTTP/1.1 503 No route\r\n\r\n", names);
    const auto refused =
        travel("http://good.test/", proxy_resolve::local, "HTTP/1.1 407 Who?\r\n\r\n", names);

    EXPECT_EQ(unreachable.seen.code, failure_code::connect_unreachable);
    EXPECT_EQ(
        unreachable.asked_proxy,
        (Texts{"CONNECT [2606:2800:220:1::34]:80 HTTP/1.1", "CONNECT 93.184.216.34:80 HTTP/1.1"})
    );
    EXPECT_EQ(refused.seen.code, failure_code::connect_refused);
    EXPECT_EQ(refused.asked_proxy.size(), 1U);
}

TEST(DefaultGateProxy, BytesBehindTheAnswerAreNobodys) {
    const auto trip = travel(
        "http://good.test/", proxy_resolve::local,
        std::string{established} + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    );

    EXPECT_EQ(trip.seen.code, failure_code::connect_unreachable);
}

}  // namespace
}  // namespace fanfetch
