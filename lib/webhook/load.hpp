#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace fanfetch {

/// How many deliveries may be under way, so that a receiver that is slow or dead keeps none waiting
/// but its own.
struct WebhookLimits {
    std::size_t in_flight = 128;
    std::size_t per_tenant = 32;
    std::size_t per_endpoint = 4;
};

/// Which deliveries are under way, and who has room for another. A value: a copy of it may decide
/// elsewhere.
///
/// A tenant may have as many as its limit says, but no more than are left for others: a few tenants
/// with slow receivers do not take all there is.
///
/// Threads  one owner at a time
/// Source   A. Choudhury, E. Hahne: Dynamic Queue Length Thresholds for Shared-Memory Packet
///          Switches (1998), with the factor 1
class WebhookLoad {
public:
    explicit WebhookLoad(WebhookLimits limits) noexcept : limits_{limits} {}

    [[nodiscard]] bool full() const noexcept { return ids_.size() >= limits_.in_flight; }
    [[nodiscard]] std::size_t size() const noexcept { return ids_.size(); }
    [[nodiscard]] std::size_t room() const noexcept {
        return full() ? 0 : limits_.in_flight - ids_.size();
    }
    [[nodiscard]] bool tenant_full(std::string_view tenant) const;

    /// Begins a delivery if nobody's limit forbids it and it is not under way already.
    [[nodiscard]] bool begin(
        const std::string& id, const std::string& tenant, const std::string& endpoint
    );
    void end(const std::string& id, const std::string& tenant, const std::string& endpoint);

private:
    using Counts = std::map<std::string, std::size_t, std::less<>>;

    static void count_down(Counts& counts, const std::string& key);

    WebhookLimits limits_;
    std::set<std::string> ids_;
    Counts tenants_;
    Counts endpoints_;  // by tenant and endpoint: two tenants with one receiver do not meet
};

}  // namespace fanfetch
