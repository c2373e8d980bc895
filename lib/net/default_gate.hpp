#pragma once

#include "net/address_places.hpp"
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

namespace fanfetch {

/// What a gate is made of.
struct GateOptions {
    /// The rules that hold for a tenant now, see EgressBook. Asked once for each dial.
    std::function<std::shared_ptr<const EgressRules>(const std::string& tenant)> rules_of;
    std::chrono::milliseconds dns_timeout{5'000};
    std::optional<EgressProxy> proxy{};  ///< everything goes through it
    AddressPlaces* places = nullptr;     ///< outlives what is connected; none: no bound
};

/// The gate over a resolver and a TLS policy, both of which outlive it and may serve one shard
/// only (the resolver) or several (the policy).
[[nodiscard]] std::unique_ptr<Gate> make_gate(
    GateOptions options, Resolver& resolver, TlsPolicy& tls
);

}  // namespace fanfetch
