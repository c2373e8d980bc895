#pragma once

#include "job/host_key.hpp"
#include "model/item.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

namespace fanfetch {

/// How many items of each host are on shards.
using HostBacklog = std::unordered_map<HostId, std::size_t>;

/// The hosts of a job whose items were passed over because they have enough of them in memory, and
/// for each from where on: every item before that index has been in the window, none of those
/// after it.
///
/// Threads  its job's loop; copies go to whoever reads the store
class PassedHosts {
public:
    /// Past that many nobody looks further ahead: the job is made of slow hosts.
    static constexpr std::size_t most = 4096;

    [[nodiscard]] bool empty() const noexcept { return from_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return from_.size(); }
    [[nodiscard]] bool full() const noexcept { return from_.size() >= most; }
    [[nodiscard]] bool holds(HostId host) const noexcept { return from_.contains(host); }
    /// Whether the item was passed over, and not taken since.
    [[nodiscard]] bool passed(HostId host, std::uint64_t index) const noexcept {
        const auto found = from_.find(host);
        return found != from_.end() && index >= found->second;
    }
    /// From where on the host's items were passed over.
    [[nodiscard]] std::optional<std::uint64_t> from(HostId host) const noexcept {
        const auto found = from_.find(host);
        return found == from_.end() ? std::nullopt : std::optional{found->second};
    }
    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& [host, from] : from_) {
            visit(host, from);
        }
    }
    /// The lowest index that was passed over.
    [[nodiscard]] std::uint64_t first() const noexcept {
        auto first = std::numeric_limits<std::uint64_t>::max();
        for (const auto& [host, from] : from_) {
            first = std::min(first, from);
        }
        return first;
    }

    void pass(HostId host, std::uint64_t index) { from_.try_emplace(host, index); }
    /// Its items before `index` were taken.
    void taken(HostId host, std::uint64_t index) { from_[host] = index; }
    /// Those with nothing left before `end` are passed over no more.
    void forget_before(std::uint64_t end) {
        std::erase_if(from_, [end](const auto& entry) { return entry.second >= end; });
    }
    void clear() noexcept { from_.clear(); }

    /// Those of which few items are left on shards.
    [[nodiscard]] PassedHosts short_of_work(const HostBacklog& backlog, std::size_t few) const {
        PassedHosts some;
        for (const auto& [host, from] : from_) {
            const auto found = backlog.find(host);
            if (found == backlog.end() || found->second < few) {
                some.pass(host, from);
            }
        }
        return some;
    }

private:
    std::unordered_map<HostId, std::uint64_t> from_;
};

/// What one look at the store takes, item by item: at most `share` of each host.
///
/// Threads  whoever reads the store
class HostShares {
public:
    HostShares(HostBacklog backlog, std::size_t share) : held_{std::move(backlog)}, share_{share} {}

    /// Whether the host gets one more.
    [[nodiscard]] bool take(HostId host) {
        auto& held = held_[host];
        if (held >= share_) {
            return false;
        }
        ++held;
        return true;
    }

private:
    HostBacklog held_;
    std::size_t share_;
};

}  // namespace fanfetch
