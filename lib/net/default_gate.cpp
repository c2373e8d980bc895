#include "net/default_gate.hpp"

#include "net/connector.hpp"
#include "net/dial_plan.hpp"
#include "net/tls_handshake.hpp"
#include "net/tls_sessions.hpp"

#include <boost/asio/this_coro.hpp>

#include <openssl/ssl.h>

#include <utility>

namespace fanfetch {
namespace {

using Plan = Expected<std::vector<IpEndpoint>>;

std::chrono::microseconds since(Steady::time_point start) {
    return std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - start);
}

class DefaultGate final : public Gate {
public:
    DefaultGate(GateOptions options, Resolver& resolver, TlsPolicy& tls)
        : options_{std::move(options)}, resolver_{resolver}, tls_{tls} {}

    awaitable<Expected<std::unique_ptr<Connection>>> connect(DialOrder order) override;

private:
    [[nodiscard]] const EgressRules& rules_of(const std::string& tenant) const;
    awaitable<Plan> plan(const Url& url, std::string tenant);
    awaitable<Expected<void>> secure(
        Connection& connection, const DialOrder& order, Steady::time_point deadline
    );

    GateOptions options_;
    Resolver& resolver_;
    TlsPolicy& tls_;
    TlsSessions sessions_;
};

const EgressRules& DefaultGate::rules_of(const std::string& tenant) const {
    const auto own = options_.tenant_rules.find(tenant);
    return own == options_.tenant_rules.end() ? options_.rules : own->second;
}

awaitable<Plan> DefaultGate::plan(const Url& url, std::string tenant) {
    const EgressRules& rules = rules_of(tenant);
    const std::string host{url.host()};
    if (!rules.port_possible(url.port())) {
        co_return refused_port(url.port());
    }
    if (const auto address = literal_address(host)) {
        co_return plan_literal(rules, *address, url.port());
    }
    if (!rules.host_allowed(host, url.port())) {
        co_return refused_host(host);
    }
    if (classify_host(host) == host_class::loopback) {
        co_return plan_loopback(rules, url.port(), host);
    }
    const auto deadline = saturating_add(Steady::now(), options_.dns_timeout);
    const auto answer = co_await resolver_.resolve(host, deadline, std::move(tenant));
    if (!answer) {
        co_return answer.error();
    }
    co_return plan_dials(rules, answer->addresses, url.port(), host);
}

awaitable<Expected<void>> DefaultGate::secure(
    Connection& connection, const DialOrder& order, Steady::time_point deadline
) {
    const auto shaking = Steady::now();
    connection.tls.emplace(connection.socket, tls_.context(order.check));
    SSL* stream = connection.tls->native_handle();
    if (!order.session_key.empty()) {
        sessions_.offer(stream, order.session_key);
    }
    auto shaken = co_await shake_hands(connection, std::string{order.url->host()}, deadline);
    if (!shaken) {
        sessions_.forget(order.session_key);
        co_return shaken;
    }
    connection.report.tls_resumed = ::SSL_session_reused(stream) == 1;
    connection.report.tls = since(shaking);
    co_return shaken;
}

awaitable<Expected<std::unique_ptr<Connection>>> DefaultGate::connect(DialOrder order) {
    const LoopExecutor executor = co_await boost::asio::this_coro::executor;
    auto connection = std::make_unique<Connection>(executor);
    const auto begun = Steady::now();
    auto endpoints = co_await plan(*order.url, std::move(order.tenant));
    if (!endpoints) {
        co_return std::move(endpoints.error());
    }
    connection->report.dns = since(begun);
    const auto deadline = saturating_add(order.deadline, connection->report.dns);

    const auto dialling = Steady::now();
    auto dialled = co_await dial(std::move(*endpoints), deadline);
    if (!dialled) {
        co_return std::move(dialled.error());
    }
    connection->socket = std::move(dialled->socket);
    connection->report.remote_address = to_string(dialled->remote);
    connection->report.connect = since(dialling);
    if (!order.url->https()) {
        co_return connection;
    }

    auto secured = co_await secure(*connection, order, deadline);
    if (!secured) {
        co_return std::move(secured.error());
    }
    co_return connection;
}

}  // namespace

std::unique_ptr<Gate> make_gate(GateOptions options, Resolver& resolver, TlsPolicy& tls) {
    return std::make_unique<DefaultGate>(std::move(options), resolver, tls);
}

}  // namespace fanfetch
