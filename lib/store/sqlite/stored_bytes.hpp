#pragma once

#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace fanfetch::sqlite {

/// How many bytes each tenant has in segments, by what its jobs' rows say.
///
/// What a group of writes changes is seen when it has been committed.
///
/// Units    bytes of records as the segments hold them, heads included
/// Threads  `of` from any thread, all else the writer's
class StoredBytes {
public:
    explicit StoredBytes(Connection& connection);

    void add(const std::string& tenant, std::uint64_t bytes) { group_[tenant] += signed_(bytes); }
    void take_away(const std::string& tenant, std::uint64_t bytes) {
        group_[tenant] -= signed_(bytes);
    }
    void keep();
    void forget() noexcept { group_.clear(); }

    [[nodiscard]] std::uint64_t of(const std::string& tenant) const;

private:
    static std::int64_t signed_(std::uint64_t bytes) noexcept {
        return static_cast<std::int64_t>(bytes);
    }

    std::map<std::string, std::int64_t> group_;  // what the running group changes
    mutable std::mutex mutex_;                   // guards the next
    std::map<std::string, std::int64_t> bytes_;
};

}  // namespace fanfetch::sqlite
