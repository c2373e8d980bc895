#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace fanfetch {

/// How many jobs are not done, and how many of their items: kept as the jobs change, so that
/// quotas, which every chunk of an upload asks for, cost the same however many jobs there are.
///
/// Threads  any
class LiveCounts {
public:
    struct Counts {
        std::uint64_t jobs = 0;
        std::uint64_t items = 0;

        friend bool operator==(const Counts&, const Counts&) = default;
    };

    /// What one job adds; gone with it.
    ///
    /// Threads  one owner
    class Share {
    public:
        Share(std::shared_ptr<LiveCounts> counts, std::string tenant)
            : counts_{std::move(counts)}, tenant_{std::move(tenant)} {}
        ~Share() { set({}); }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;

        void set(Counts counts);

    private:
        std::shared_ptr<LiveCounts> counts_;  // jobs may outlive their service
        std::string tenant_;
        Counts mine_;
    };

    [[nodiscard]] Counts of(const std::string& tenant) const;
    [[nodiscard]] Counts all() const;

private:
    mutable std::mutex mutex_;
    Counts all_;
    std::map<std::string, Counts> tenants_;  // none of them has no jobs
};

}  // namespace fanfetch
