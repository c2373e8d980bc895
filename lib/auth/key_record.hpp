#pragma once

#include "auth/api_key.hpp"
#include "auth/scope.hpp"
#include "auth/tenant_terms.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// One key as the file holds it.
struct KeyRecord {
    std::string id;  ///< what people call it; may be logged, unlike the key
    std::string tenant = "default";
    KeyHash hash{};
    ScopeSet scopes;
    // What this key says of its tenant; others may be silent, or say the same.
    std::optional<TenantQuotas> quotas{};
    std::optional<std::vector<std::string>> egress_allow{};

    /// Whether it is the same key with the same rights: what it says of its tenant is not its own.
    [[nodiscard]] bool same_key(const KeyRecord& other) const {
        return id == other.id && tenant == other.tenant && hash == other.hash &&
               scopes == other.scopes;
    }
    friend bool operator==(const KeyRecord&, const KeyRecord&) = default;
};

/// Whether a text may name a key or a tenant: 1 to 64 of A-Z a-z 0-9 . _ - beginning with a letter
/// or digit, which is safe in logs, files and headers as it is.
[[nodiscard]] bool is_key_name(std::string_view text) noexcept;

}  // namespace fanfetch
