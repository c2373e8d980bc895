#include "job/dispatcher.hpp"

#include <utility>

// The part of Dispatcher that gives items the result of an earlier one with the same request. Both
// have the same host and so the same shard, and the earlier one always comes first.

namespace fanfetch {

/// Whether the item is not fetched: it waits for the result of an earlier one here, or gets it at
/// once, when that has gone to the store before.
bool Dispatcher::follows(JobRunner& runner, const Item& item) {
    if (!item.same_as) {
        runner.followers.try_emplace(item.index);
        return false;
    }
    const auto earlier = runner.followers.find(*item.same_as);
    if (earlier == runner.followers.end()) {
        copy_result(runner, item.index, *item.same_as);
    } else {
        earlier->second.push_back(item.index);
    }
    return true;
}

void Dispatcher::copy_result(JobRunner& runner, std::uint64_t index, std::uint64_t of) {
    auto& record = runner.finished.emplace_back();
    record.result.index = index;
    record.result.started_at = record.result.finished_at = parts_.clock->wall();
    record.copy_of = of;
}

/// The item has its result: so have those that waited for it.
void Dispatcher::settle_followers(JobRunner& runner, std::uint64_t index) {
    auto node = runner.followers.extract(index);
    if (node.empty()) {
        return;
    }
    for (const auto follower : node.mapped()) {
        copy_result(runner, follower, index);
    }
}

/// The job is being dropped: nobody gets a result that was not on its way.
void Dispatcher::forget_followers(JobRunner& runner) {
    for (const auto& [index, followers] : std::exchange(runner.followers, {})) {
        runner.dropped += followers.size();
    }
}

}  // namespace fanfetch
