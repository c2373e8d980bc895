#pragma once

#include "integration/net/connect_log.hpp"
#include "net/default_gate.hpp"
#include "net/egress_book.hpp"
#include "support/dns_fake_resolver.hpp"
#include "support/patience.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch::testing {

using Texts = std::vector<std::string>;

/// What came of one connect.
struct Seen {
    failure_code code = failure_code::none;
    std::string detail;
    DialReport report;
    Texts asked;      // of the resolver
    Texts connected;  // every connect(2) of the process
};

/// One gate for one connect, with everything it needs.
struct Surroundings {
    EgressSettings egress{};
    std::map<std::string, std::vector<std::string>> tenants{};
    std::string ca_file{};
    std::chrono::milliseconds limit = patience;
    peer_check check = peer_check::required;
    std::optional<EgressProxy> proxy{};
    std::string tenant = "t";
};

/// The policy that trusts `ca_file`, made once: reading the system's certificates takes a while.
inline TlsPolicy& tls_policy(const std::string& ca_file) {
    static std::map<std::string, TlsPolicy> made;
    const auto known = made.find(ca_file);
    if (known != made.end()) {
        return known->second;
    }
    return made.emplace(ca_file, TlsPolicy::make({.ca_file = ca_file}).value()).first->second;
}

inline awaitable<Seen> connect_once(
    Surroundings around, FakeResolver& resolver, std::string url_text
) {
    TlsPolicy& tls = tls_policy(around.ca_file);
    EgressBook book;
    book.set_operator(around.egress).value();
    book.set_tenants(around.tenants).value();
    GateOptions options;
    options.rules_of = [&book](const std::string& tenant) { return book.rules_of(tenant); };
    options.proxy = around.proxy;
    const auto gate = make_gate(std::move(options), resolver, tls);
    const Url url = Url::parse(url_text).value();
    DialOrder order;
    order.url = &url;
    order.deadline = Steady::now() + around.limit;
    order.check = around.check;
    order.tenant = around.tenant;

    begin_connect_log();
    const auto connection = co_await gate->connect(order);
    Seen seen;
    seen.connected = connect_log();
    seen.asked = resolver.asked();
    if (connection) {
        seen.report = (*connection)->report;
    } else {
        seen.code = connection.error().code;
        seen.detail = connection.error().detail;
    }
    co_return seen;
}

/// A listener of this test's and the URL of it, after `host`.
class Origin {
public:
    explicit Origin(LoopExecutor home)
        : acceptor_{
              home, boost::asio::ip::tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}} {}

    [[nodiscard]] std::string url(const std::string& host) const {
        return "http://" + host + ":" + port() + "/";
    }
    [[nodiscard]] std::string port() const {
        return std::to_string(acceptor_.local_endpoint().port());
    }

private:
    boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, LoopExecutor> acceptor_;
};

}  // namespace fanfetch::testing
