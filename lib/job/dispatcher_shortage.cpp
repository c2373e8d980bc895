#include "job/dispatcher.hpp"

// The part of Dispatcher that deals with what our own machine has too little of: room on the disk,
// descriptors, memory.

namespace fanfetch {

/// A body that our own disk refused, or a connection for which there was no descriptor, says
/// nothing of the item: it is put aside until there may be room, as results wait in the store, and
/// the attempt does not count. False when the outcome is another one.
bool Dispatcher::wait_for_room(RunnerQueue& queue, PendingItem& item, const FetchOutcome& outcome) {
    using enum failure_code;
    if (outcome.code != disk_low && outcome.code != store_unavailable &&
        outcome.code != queue_full) {
        return false;
    }
    item.partial.reset();  // its file is short of what its digest has seen
    if (queue.runner->stopped) {
        ++queue.runner->dropped;  // without a result, it is cancelled with the rest
        return true;
    }
    const auto pause = parts_.limits.shortage_pause;
    const std::chrono::milliseconds jitter{
        static_cast<std::int64_t>(parts_.random->up_to(static_cast<std::uint64_t>(pause.count())))};
    const auto due = saturating_add(parts_.clock->now(), pause + jitter);
    put_aside(queue, std::move(item), due, wait_reason::retry);
    return true;
}

}  // namespace fanfetch
