#include "net/egress_book.hpp"

#include "net/dial_plan.hpp"
#include "net/host_policy.hpp"

#include <utility>

namespace fanfetch {

Expected<void> EgressBook::set_operator(EgressSettings settings) {
    auto rules = EgressRules::make(settings);
    if (!rules) {
        return rules.error();
    }
    settings_ = std::move(settings);
    everybody_ = std::make_shared<const EgressRules>(*std::move(rules));
    return {};
}

Expected<void> EgressBook::set_tenants(const std::map<std::string, std::vector<std::string>>& allow
) {
    std::map<std::string, Rules> tenants;
    for (const auto& [tenant, entries] : allow) {
        auto settings = settings_;
        settings.allow.insert(settings.allow.end(), entries.begin(), entries.end());
        auto rules = EgressRules::make(settings);
        if (!rules) {
            return failed(
                rules.error().code, "egress_allow of tenant " + tenant + ": " + rules.error().detail
            );
        }
        tenants.emplace(tenant, std::make_shared<const EgressRules>(*std::move(rules)));
    }
    const std::lock_guard lock{mutex_};
    tenants_ = std::move(tenants);
    return {};
}

std::shared_ptr<const EgressRules> EgressBook::rules_of(const std::string& tenant) const {
    const std::lock_guard lock{mutex_};
    const auto own = tenants_.find(tenant);
    return own == tenants_.end() ? everybody_ : own->second;
}

Expected<void> judge_unresolved(const EgressRules& rules, const Url& url) {
    const std::string host{url.host()};
    if (!rules.port_possible(url.port())) {
        return refused_port(url.port());
    }
    Expected<std::vector<IpEndpoint>> planned = std::vector<IpEndpoint>{};
    if (const auto address = literal_address(host)) {
        planned = plan_literal(rules, *address, url.port());
    } else if (!rules.host_allowed(host, url.port())) {
        return refused_host(host);
    } else if (classify_host(host) == host_class::loopback) {
        planned = plan_loopback(rules, url.port(), host);
    }
    if (!planned) {
        return planned.error();
    }
    return {};
}

}  // namespace fanfetch
