#include "net/tenant_slots.hpp"

#include <algorithm>

namespace fanfetch {

/// A place in a tenant's queue, for as long as its coroutine waits.
class TenantSlots::Place {
public:
    Place(TenantSlots& slots, const std::string& name)
        : slots_{slots}, name_{name}, tenant_{slots.tenants_[name]}, wakeup_{slots.loop_} {
        tenant_.waiting.push_back(&wakeup_);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
        std::erase(tenant_.waiting, &wakeup_);
        slots_.wake_next(tenant_);
        slots_.forget_idle(name_);
    }

    [[nodiscard]] bool my_turn() const {
        return tenant_.taken < slots_.each_ && tenant_.waiting.front() == &wakeup_;
    }
    [[nodiscard]] awaitable<> wait_until(Steady::time_point latest) {
        return wakeup_.wait_until(latest);
    }
    void take() { ++tenant_.taken; }

private:
    TenantSlots& slots_;
    const std::string& name_;
    Tenant& tenant_;  // kept in the map by our place in its queue
    Wakeup wakeup_;
};

awaitable<bool> TenantSlots::take(std::string tenant, Steady::time_point latest) {
    Place place{*this, tenant};
    while (!place.my_turn()) {
        if (Steady::now() >= latest) {
            co_return false;
        }
        co_await place.wait_until(latest);
    }
    place.take();
    co_return true;
}

void TenantSlots::give_back(const std::string& tenant) {
    const auto found = tenants_.find(tenant);
    if (found == tenants_.end()) {
        return;
    }
    --found->second.taken;
    wake_next(found->second);
    forget_idle(tenant);
}

void TenantSlots::wake_next(Tenant& tenant) {
    if (tenant.taken < each_ && !tenant.waiting.empty()) {
        tenant.waiting.front()->wake();
    }
}

void TenantSlots::forget_idle(const std::string& name) {
    const auto found = tenants_.find(name);
    if (found != tenants_.end() && found->second.taken == 0 && found->second.waiting.empty()) {
        tenants_.erase(found);
    }
}

}  // namespace fanfetch
