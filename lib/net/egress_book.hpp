#pragma once

#include "base/expected.hpp"
#include "net/egress_rules.hpp"
#include "url/url.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace fanfetch {

/// Whose rules are whose: the operator's for everybody, and for a tenant with exceptions of its own
/// the operator's and those together. The exceptions may change while gates look here.
///
/// Errors   of the setters: as EgressRules::make; what held before still holds then
/// Threads  any thread; rules that were handed out stay as they are
class EgressBook {
public:
    /// Once, before anybody looks.
    Expected<void> set_operator(EgressSettings settings);

    /// What each tenant may reach besides, as `egress.allow` is written.
    Expected<void> set_tenants(const std::map<std::string, std::vector<std::string>>& allow);

    [[nodiscard]] std::shared_ptr<const EgressRules> rules_of(const std::string& tenant) const;

private:
    using Rules = std::shared_ptr<const EgressRules>;

    EgressSettings settings_;
    Rules everybody_;
    mutable std::mutex mutex_;  // guards tenants_
    std::map<std::string, Rules> tenants_;
};

/// What can be said of a URL before any name is resolved: its port, its host, the address if it is
/// one. Passing here is no permission: the gate judges again when it dials.
///
/// Errors   policy_port, policy_host, policy_address
/// Threads  any thread
[[nodiscard]] Expected<void> judge_unresolved(const EgressRules& rules, const Url& url);

}  // namespace fanfetch
