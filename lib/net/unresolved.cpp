#include "net/unresolved.hpp"

#include "net/dial_plan.hpp"

#include <string>

namespace fanfetch {
namespace {

Expected<void> verdict_of(const Expected<std::vector<IpEndpoint>>& plan) {
    return plan ? Expected<void>{} : Expected<void>{plan.error()};
}

}  // namespace

Expected<void> judge_unresolved(const EgressRules& rules, const Url& url) {
    const std::string host{url.host()};
    if (!rules.port_possible(url.port())) {
        return refused_port(url.port());
    }
    if (const auto address = literal_address(host)) {
        return verdict_of(plan_literal(rules, *address, url.port()));
    }
    if (!rules.host_allowed(host, url.port())) {
        return refused_host(host);
    }
    if (classify_host(host) == host_class::loopback) {
        return verdict_of(plan_loopback(rules, url.port(), host));
    }
    return {};
}

}  // namespace fanfetch
