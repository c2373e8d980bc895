#include "model/result.hpp"

#include <stdexcept>

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

}  // namespace fanfetch
