#include "store/sqlite/stored_bytes.hpp"

namespace fanfetch::sqlite {

StoredBytes::StoredBytes(Connection& connection) {
    // In the order of the rows: an index would have each of them looked up.
    Statement jobs{
        connection, "SELECT tenant, stored FROM jobs NOT INDEXED WHERE stored > 0 AND erased = 0"};
    while (jobs.step()) {
        bytes_[std::string{jobs.text(0)}] += jobs.number(1);
    }
}

void StoredBytes::keep() {
    if (group_.empty()) {
        return;
    }
    const std::lock_guard lock{mutex_};
    for (const auto& [tenant, change] : group_) {
        bytes_[tenant] += change;
    }
    group_.clear();
}

std::uint64_t StoredBytes::of(const std::string& tenant) const {
    const std::lock_guard lock{mutex_};
    const auto found = bytes_.find(tenant);
    return found == bytes_.end() || found->second < 0 ? 0
                                                      : static_cast<std::uint64_t>(found->second);
}

}  // namespace fanfetch::sqlite
