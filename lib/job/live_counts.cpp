#include "job/live_counts.hpp"

namespace fanfetch {
namespace {

// Unsigned numbers come round, so that less than before can be added, too.
void exchange(LiveCounts::Counts& sum, LiveCounts::Counts before, LiveCounts::Counts now) noexcept {
    sum.jobs += now.jobs - before.jobs;
    sum.items += now.items - before.items;
}

}  // namespace

void LiveCounts::Share::set(Counts counts) {
    if (counts == mine_) {
        return;
    }
    const std::lock_guard lock{counts_->mutex_};
    exchange(counts_->all_, mine_, counts);
    auto& tenant = counts_->tenants_[tenant_];
    exchange(tenant, mine_, counts);
    if (tenant == Counts{}) {
        counts_->tenants_.erase(tenant_);
    }
    mine_ = counts;
}

LiveCounts::Counts LiveCounts::of(const std::string& tenant) const {
    const std::lock_guard lock{mutex_};
    const auto found = tenants_.find(tenant);
    return found == tenants_.end() ? Counts{} : found->second;
}

LiveCounts::Counts LiveCounts::all() const {
    const std::lock_guard lock{mutex_};
    return all_;
}

}  // namespace fanfetch
