#include "net/dns_cache.hpp"

#include <algorithm>

namespace fanfetch {

std::optional<Expected<Answer>> DnsCache::find(const std::string& name, Steady::time_point now) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) {
        return std::nullopt;
    }
    const auto entry = found->second;
    if (entry->expiry <= now) {
        by_name_.erase(found);
        entries_.erase(entry);
        return std::nullopt;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    return entry->answer;
}

void DnsCache::store(
    const std::string& name, const Expected<Answer>& answer, std::chrono::seconds ttl,
    Steady::time_point now
) {
    if (!answer && answer.error().code != failure_code::dns_nxdomain) {
        return;
    }
    if (const auto old = by_name_.find(name); old != by_name_.end()) {
        entries_.erase(old->second);
        by_name_.erase(old);
    }
    if (most_names_ == 0) {
        return;
    }
    if (by_name_.size() >= most_names_) {
        by_name_.erase(entries_.back().name);
        entries_.pop_back();
    }
    const auto kept = answer ? std::clamp<std::chrono::seconds>(ttl, shortest, longest) : negative;
    entries_.push_front({name, answer, now + kept});
    by_name_.emplace(name, entries_.begin());
}

}  // namespace fanfetch
