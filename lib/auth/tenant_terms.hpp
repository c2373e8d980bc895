#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// What a tenant may have at most. What is absent has no limit of the tenant's own.
struct TenantQuotas {
    /// A tenant takes so many turns in a row at most: beyond that, others would feel the bursts.
    static constexpr std::uint32_t most_weight = 100;

    std::optional<std::uint64_t> max_jobs;          ///< that are not done
    std::optional<std::uint64_t> max_queued_items;  ///< without a result, in all its jobs
    std::optional<std::uint64_t> max_stored_bytes;  ///< of bodies, heads included
    std::optional<double> requests_per_s;           ///< to the API
    std::optional<std::uint32_t> weight;            ///< its share beside others'; 1 when absent

    friend bool operator==(const TenantQuotas&, const TenantQuotas&) = default;
};

/// What holds for a tenant, whichever of its keys is shown. Any of them may say it.
struct TenantTerms {
    TenantQuotas quotas;
    std::vector<std::string> egress_allow;  ///< as the setting egress.allow, which it adds to

    friend bool operator==(const TenantTerms&, const TenantTerms&) = default;
};

/// Tenants about which something is said.
using TermsByTenant = std::map<std::string, TenantTerms, std::less<>>;

}  // namespace fanfetch
