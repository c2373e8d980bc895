#include "webhook/load.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

std::string endpoint_key(const std::string& tenant, const std::string& endpoint) {
    return tenant + '\n' + endpoint;
}

}  // namespace

bool WebhookLoad::tenant_full(std::string_view tenant) const {
    const auto found = tenants_.find(tenant);
    return found != tenants_.end() && found->second >= std::min(limits_.per_tenant, room());
}

bool WebhookLoad::begin(
    const std::string& id, const std::string& tenant, const std::string& endpoint
) {
    const auto key = endpoint_key(tenant, endpoint);
    const auto busy = endpoints_.find(key);
    if (full() || tenant_full(tenant) || ids_.contains(id) ||
        (busy != endpoints_.end() && busy->second >= limits_.per_endpoint)) {
        return false;
    }
    ids_.insert(id);
    ++tenants_[tenant];
    ++endpoints_[key];
    return true;
}

void WebhookLoad::end(
    const std::string& id, const std::string& tenant, const std::string& endpoint
) {
    if (ids_.erase(id) > 0) {
        count_down(tenants_, tenant);
        count_down(endpoints_, endpoint_key(tenant, endpoint));
    }
}

void WebhookLoad::count_down(Counts& counts, const std::string& key) {
    const auto found = counts.find(key);
    if (found != counts.end() && --found->second == 0) {
        counts.erase(found);
    }
}

}  // namespace fanfetch
