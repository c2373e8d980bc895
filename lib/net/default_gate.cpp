#include "net/default_gate.hpp"

#include "net/connector.hpp"
#include "net/dial_plan.hpp"
#include "net/proxy_tunnel.hpp"
#include "net/tls_handshake.hpp"
#include "net/tls_sessions.hpp"
#include "net/wakeup.hpp"

#include <openssl/ssl.h>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace fanfetch {
namespace {

std::chrono::microseconds since(Steady::time_point start) {
    return std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - start);
}

/// Where a connection is to lead: judged endpoints, or a name that the proxy is trusted to judge.
struct Route {
    std::vector<IpEndpoint> endpoints;
    bool by_name = false;
};

std::string authority_of(const Url& url) {
    return std::string{url.host()} + ":" + std::to_string(url.port());
}

/// What is wrong with the way to the proxy is nobody else's fault.
Failure no_way_to_the_proxy(failure_code code) {
    return failed(code, "connecting to the egress proxy: it cannot be reached");
}

class DefaultGate final : public Gate {
public:
    DefaultGate(GateOptions options, Resolver& resolver, TlsPolicy& tls)
        : options_{std::move(options)},
          resolver_{resolver},
          tls_{tls},
          proxy_{options_.proxy ? std::make_shared<const EgressProxy>(*options_.proxy) : nullptr} {}

    awaitable<Expected<std::unique_ptr<Connection>>> connect(DialOrder order) override;

private:
    using Socket = Expected<TcpSocket>;
    using Line = std::unique_ptr<Connection>;

    awaitable<Expected<Route>> plan(const Url& url, std::string tenant);
    awaitable<Expected<void>> reach(
        Line& connection, const Url& url, Route route, Steady::time_point deadline,
        PlaceOrder& places
    );
    awaitable<Expected<void>> reach_through_proxy(
        Line& connection, const Route& route, Steady::time_point deadline, PlaceOrder& places
    );
    awaitable<Expected<void>> stand_in_line(
        Line& connection, const IpAddress& address, PlaceOrder& places
    );
    awaitable<Expected<void>> entrust_to_proxy(
        Line& connection, const Url& url, const Route& route, Steady::time_point deadline,
        PlaceOrder& places
    );
    awaitable<Socket> dial_proxy(Steady::time_point deadline);
    awaitable<Socket> tunnel(std::string target, Steady::time_point deadline);
    awaitable<Expected<void>> secure(
        Connection& connection, const DialOrder& order, Steady::time_point deadline
    );

    GateOptions options_;
    Resolver& resolver_;
    TlsPolicy& tls_;
    TlsSessions sessions_;
    std::shared_ptr<const EgressProxy> proxy_;
};

awaitable<Expected<Route>> DefaultGate::plan(const Url& url, std::string tenant) {
    const auto route_to = [](Expected<std::vector<IpEndpoint>> endpoints) -> Expected<Route> {
        if (!endpoints) {
            return std::move(endpoints.error());
        }
        return Route{std::move(*endpoints)};
    };
    // Held until the end: they may change while a name is being resolved.
    const auto held = options_.rules_of(tenant);
    const EgressRules& rules = *held;
    const std::string host{url.host()};
    if (!rules.port_possible(url.port())) {
        co_return refused_port(url.port());
    }
    if (const auto address = literal_address(host)) {
        co_return route_to(plan_literal(rules, *address, url.port()));
    }
    if (!rules.host_allowed(host, url.port())) {
        co_return refused_host(host);
    }
    if (classify_host(host) == host_class::loopback) {
        co_return route_to(plan_loopback(rules, url.port(), host));
    }
    if (proxy_ && proxy_->resolve == proxy_resolve::proxy) {
        co_return Route{{}, true};
    }
    const auto deadline = saturating_add(Steady::now(), options_.dns_timeout);
    const auto answer = co_await resolver_.resolve(host, deadline, std::move(tenant));
    if (!answer) {
        co_return answer.error();
    }
    co_return route_to(plan_dials(rules, answer->addresses, url.port(), host));
}

/// Makes the TCP connection, or the tunnel that stands for it.
/// Or finds one that somebody is done with.
awaitable<Expected<void>> DefaultGate::reach(
    Line& connection, const Url& url, Route route, Steady::time_point deadline, PlaceOrder& places
) {
    if (proxy_ && proxy_->resolve == proxy_resolve::proxy) {
        co_return co_await entrust_to_proxy(connection, url, route, deadline, places);
    }
    if (proxy_) {
        co_return co_await reach_through_proxy(connection, route, deadline, places);
    }
    auto dialled = co_await dial(std::move(route.endpoints), deadline, &places);
    if (!dialled) {
        co_return std::move(dialled.error());
    }
    if (dialled->kept) {
        connection = std::move(dialled->kept);
        co_return Expected<void>{};
    }
    connection->place = std::move(dialled->place);
    connection->socket = std::move(dialled->socket);
    connection->report.remote_address = to_string(dialled->remote);
    co_return Expected<void>{};
}

/// A place, or a connection, at an address to which somebody else dials for us.
awaitable<Expected<void>> DefaultGate::stand_in_line(
    Line& connection, const IpAddress& address, PlaceOrder& places
) {
    const LoopExecutor loop = co_await boost::asio::this_coro::executor;
    const auto wakeup = std::make_shared<Wakeup>(loop);
    const PlaceClient client{loop, wakeup, places.key, places.tenant, places.takes_kept};
    PlaceWish wish{*places.places, client, address};
    const auto begun = Steady::now();
    while (!wish.granted()) {
        if (Steady::now() >= begun + place_patience) {
            places.waited += Steady::now() - begun;
            co_return no_place(places);
        }
        co_await wakeup->wait_until(begun + place_patience);
    }
    places.waited += Steady::now() - begun;
    if (auto kept = wish.take_connection()) {
        connection = std::move(kept);
    } else {
        connection->place = wish.take_place();
    }
    co_return Expected<void>{};
}

/// What counts is the address at the far end: that of the proxy is the operator's own.
awaitable<Expected<void>> DefaultGate::reach_through_proxy(
    Line& connection, const Route& route, Steady::time_point deadline, PlaceOrder& places
) {
    // One after the other, since the proxy does not tell how it gets on; each has its share of what
    // is left, so that a black hole does not take it all.
    Failure last = no_way_to_the_proxy(failure_code::connect_unreachable);
    const Connection* const fresh = connection.get();
    for (std::size_t i = 0; i < route.endpoints.size(); ++i) {
        if (places.places != nullptr) {
            const auto before = places.waited;
            auto place = co_await stand_in_line(connection, route.endpoints[i].address, places);
            if (!place || connection.get() != fresh) {
                co_return place;
            }
            deadline = saturating_add(deadline, places.waited - before);
        }
        const auto now = Steady::now();
        const auto left = static_cast<Steady::rep>(route.endpoints.size() - i);
        std::string target = to_string(route.endpoints[i]);
        places.tried = route.endpoints[i];
        auto socket = co_await tunnel(target, now + (deadline - now) / left);
        if (socket) {
            connection->socket = std::move(*socket);
            connection->report.remote_address = std::move(target);
            co_return Expected<void>{};
        }
        connection->place = {};
        last = std::move(socket.error());
        if (last.code == failure_code::connect_refused) {
            break;  // by the proxy itself, whatever the address
        }
    }
    co_return last;
}

/// The proxy looks for the origin by itself. Whose address it is told has its places all the same.
awaitable<Expected<void>> DefaultGate::entrust_to_proxy(
    Line& connection, const Url& url, const Route& route, Steady::time_point deadline,
    PlaceOrder& places
) {
    const Connection* const fresh = connection.get();
    if (places.places != nullptr && !route.by_name) {
        auto place = co_await stand_in_line(connection, route.endpoints.front().address, places);
        if (!place || connection.get() != fresh) {
            co_return place;
        }
        deadline = saturating_add(deadline, places.waited);
    }
    Socket socket{failed(failure_code::internal, {})};
    if (url.https()) {
        socket = co_await tunnel(authority_of(url), deadline);
    } else {
        socket = co_await dial_proxy(deadline);
        connection->forwarder = proxy_;
    }
    if (!socket) {
        co_return std::move(socket.error());
    }
    connection->socket = std::move(*socket);
    if (!route.by_name) {
        connection->report.remote_address = to_string(route.endpoints.front());
    }
    co_return Expected<void>{};
}

awaitable<DefaultGate::Socket> DefaultGate::dial_proxy(Steady::time_point deadline) {
    std::vector<IpEndpoint> endpoints;
    if (const auto literal = literal_address(proxy_->host)) {
        endpoints.push_back({*literal, proxy_->port});
    } else if (classify_host(proxy_->host) == host_class::loopback) {
        endpoints = loopback_endpoints(proxy_->port);
    } else {
        const auto latest = std::min(deadline, saturating_add(Steady::now(), options_.dns_timeout));
        const auto answer = co_await resolver_.resolve(proxy_->host, latest, std::string{});
        if (!answer) {
            co_return no_way_to_the_proxy(
                answer.error().code == failure_code::dns_timeout ? failure_code::connect_timeout
                                                                 : failure_code::connect_unreachable
            );
        }
        for (const IpAddress& address : answer->addresses) {
            if (endpoints.size() < most_dials) {
                endpoints.push_back({address, proxy_->port});
            }
        }
    }
    auto dialled = co_await dial(std::move(endpoints), deadline);
    if (!dialled) {
        co_return no_way_to_the_proxy(dialled.error().code);
    }
    co_return std::move(dialled->socket);
}

/// A connection to `target` by way of the proxy.
awaitable<DefaultGate::Socket> DefaultGate::tunnel(
    std::string target, Steady::time_point deadline
) {
    auto socket = co_await dial_proxy(deadline);
    if (!socket) {
        co_return socket;
    }
    auto opened = co_await open_tunnel(*socket, *proxy_, std::move(target), deadline);
    if (!opened) {
        co_return std::move(opened.error());
    }
    co_return socket;
}

awaitable<Expected<void>> DefaultGate::secure(
    Connection& connection, const DialOrder& order, Steady::time_point deadline
) {
    const auto shaking = Steady::now();
    connection.tls.emplace(connection.socket, tls_.context(order.check));
    SSL* stream = connection.tls->native_handle();
    if (order.offer_http2) {
        TlsPolicy::offer_http2(stream);
    }
    if (!order.session_key.empty()) {
        sessions_.offer(stream, order.session_key);
    }
    auto shaken = co_await shake_hands(connection, std::string{order.url->host()}, deadline);
    connection.report.tls = since(shaking);
    if (!shaken) {
        sessions_.forget(order.session_key);
        co_return shaken;
    }
    connection.report.tls_resumed = ::SSL_session_reused(stream) == 1;
    co_return shaken;
}

awaitable<Expected<std::unique_ptr<Connection>>> DefaultGate::connect(DialOrder order) {
    const LoopExecutor executor = co_await boost::asio::this_coro::executor;
    auto connection = std::make_unique<Connection>(executor);
    const auto begun = Steady::now();
    DialReport ignored_report;
    auto& how_far = order.failed != nullptr ? *order.failed : ignored_report;
    auto route = co_await plan(*order.url, order.tenant);
    connection->report.dns = since(begun);
    if (!route) {
        how_far = std::move(connection->report);
        co_return std::move(route.error());
    }
    auto deadline = saturating_add(order.deadline, connection->report.dns);

    const auto dialling = Steady::now();
    PlaceWait ignored;
    auto& wait = order.wait != nullptr ? *order.wait : ignored;
    PlaceOrder places{options_.places, order.session_key, std::move(order.tenant), wait.takes_kept};
    const Connection* const fresh = connection.get();
    auto reached = co_await reach(connection, *order.url, std::move(*route), deadline, places);
    wait.waited = places.waited;
    wait.in_vain = places.in_vain;
    if (reached && connection.get() != fresh) {
        wait.kept = true;
        co_return connection;
    }
    connection->report.connect = since(dialling + wait.waited);
    if (!reached) {
        if (places.tried) {
            connection->report.remote_address = to_string(*places.tried);
        }
        how_far = std::move(connection->report);
        co_return std::move(reached.error());
    }
    deadline = saturating_add(deadline, wait.waited);
    if (order.url->https()) {
        auto secured = co_await secure(*connection, order, deadline);
        if (!secured) {
            how_far = std::move(connection->report);
            co_return std::move(secured.error());
        }
    }
    co_return connection;
}

}  // namespace

std::unique_ptr<Gate> make_gate(GateOptions options, Resolver& resolver, TlsPolicy& tls) {
    return std::make_unique<DefaultGate>(std::move(options), resolver, tls);
}

}  // namespace fanfetch
