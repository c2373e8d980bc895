#pragma once

#include "coro/loop.hpp"
#include "net/wakeup.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>

namespace fanfetch {

/// Counts what each tenant has under way, so that one tenant's slow names are its own trouble.
///
/// First come, first served within a tenant; who stops waiting passes his turn on.
///
/// Threads  one loop
class TenantSlots {
public:
    TenantSlots(LoopExecutor loop, std::size_t each) : loop_{loop}, each_{each} {}

    /// True once a slot is taken, false when it was not free by `latest`.
    /// Errors  system_error, operation_aborted, when the coroutine is cancelled
    awaitable<bool> take(std::string tenant, Steady::time_point latest);
    void give_back(const std::string& tenant);

private:
    struct Tenant {
        std::size_t taken = 0;
        std::deque<Wakeup*> waiting;  // in their coroutines' frames, first come first
    };
    class Place;

    void wake_next(Tenant& tenant);
    void forget_idle(const std::string& name);

    LoopExecutor loop_;
    std::size_t each_;
    std::unordered_map<std::string, Tenant> tenants_;
};

}  // namespace fanfetch
