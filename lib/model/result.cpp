#include "model/result.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace fanfetch {
namespace {

/// The key of JobTally::failures: a status is told apart, every other code stands for itself.
std::uint32_t failure_key(const ItemResult& result) noexcept {
    const auto code = static_cast<std::uint32_t>(result.code);
    return result.code == failure_code::http_status ? code << 16U | result.status : code;
}

std::uint64_t& counter_of(JobTally& tally, item_state state) {
    switch (state) {
        case item_state::succeeded:
            return tally.succeeded;
        case item_state::failed:
            return tally.failed;
        case item_state::skipped:
            return tally.skipped;
        case item_state::cancelled:
            return tally.cancelled;
        case item_state::queued:
        case item_state::waiting:
        case item_state::running:
            break;
    }
    throw std::logic_error{"counting a result that is not terminal"};
}

}  // namespace

void count(JobTally& tally, const ItemResult& result) {
    ++counter_of(tally, result.state);
    tally.bytes_received += result.wire_size;
    if (result.status != 0) {
        ++tally.statuses[result.status];
    }
    if (result.state == item_state::failed) {
        ++tally.failures[failure_key(result)];
    }
}

namespace {

template <class Key>
void take_one(std::map<Key, std::uint64_t>& counters, Key key) {
    const auto found = counters.find(key);
    if (found != counters.end() && --found->second == 0) {
        counters.erase(found);
    }
}

}  // namespace

void uncount(JobTally& tally, const ItemResult& result) {
    --counter_of(tally, result.state);
    tally.bytes_received -= std::min(tally.bytes_received, result.wire_size);
    if (result.status != 0) {
        take_one(tally.statuses, result.status);
    }
    if (result.state == item_state::failed) {
        take_one(tally.failures, failure_key(result));
    }
}

void keep_attempts(ItemResult earlier, ItemResult& result) {
    constexpr std::size_t most_kept = 1000;
    constexpr std::uint32_t most_counted = std::numeric_limits<std::uint16_t>::max();
    const std::uint32_t made = earlier.attempts_made + std::uint32_t{result.attempts_made};
    result.attempts_made = static_cast<std::uint16_t>(std::min(made, most_counted));
    auto attempts = std::move(earlier.attempts);
    attempts.insert(
        attempts.end(), std::make_move_iterator(result.attempts.begin()),
        std::make_move_iterator(result.attempts.end())
    );
    if (attempts.size() > most_kept) {
        attempts.erase(attempts.begin(), attempts.end() - static_cast<std::ptrdiff_t>(most_kept));
    }
    result.attempts = std::move(attempts);
}

}  // namespace fanfetch
