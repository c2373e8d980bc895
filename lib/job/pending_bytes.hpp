#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace fanfetch {

/// What of each tenant is on its way to the store: results that shards have handed over and that
/// are not committed. Items end faster than commits, so a storage quota that looked at the store
/// alone would be met too late.
///
/// Units    bytes of response headers and bodies; the store adds some for each record
/// Threads  any
class PendingBytes {
public:
    void add(const std::string& tenant, std::uint64_t bytes) {
        const std::lock_guard lock{mutex_};
        bytes_[tenant] += bytes;
    }
    void take_away(const std::string& tenant, std::uint64_t bytes) {
        const std::lock_guard lock{mutex_};
        const auto found = bytes_.find(tenant);
        if (found != bytes_.end() && (found->second -= bytes) == 0) {
            bytes_.erase(found);
        }
    }
    [[nodiscard]] std::uint64_t of(const std::string& tenant) const {
        const std::lock_guard lock{mutex_};
        const auto found = bytes_.find(tenant);
        return found == bytes_.end() ? 0 : found->second;
    }

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::uint64_t> bytes_;
};

}  // namespace fanfetch
