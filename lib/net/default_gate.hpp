#pragma once

#include "net/egress_proxy.hpp"
#include "net/egress_rules.hpp"
#include "net/gate.hpp"
#include "net/resolver.hpp"
#include "net/tls_policy.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace fanfetch {

/// What a gate is made of.
struct GateOptions {
    EgressRules rules;
    /// Rules of the tenants that have exceptions of their own, made of the operator's settings and
    /// theirs together; everyone else has `rules`.
    std::unordered_map<std::string, EgressRules> tenant_rules{};
    std::chrono::milliseconds dns_timeout{5'000};
    std::optional<EgressProxy> proxy{};  ///< everything goes through it
};

/// The gate over a resolver and a TLS policy, both of which outlive it and may serve one shard
/// only (the resolver) or several (the policy).
[[nodiscard]] std::unique_ptr<Gate> make_gate(
    GateOptions options, Resolver& resolver, TlsPolicy& tls
);

}  // namespace fanfetch
