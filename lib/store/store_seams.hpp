#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace fanfetch {

/// The moments at which the disk can fail a write, in the order they come in one group.
enum class store_step : std::uint8_t {
    segment_create,
    segment_write,
    segment_sync,
    directory_sync,
    begin,
    rows,
    commit,
    committed,  ///< durable, not yet acknowledged; a failure here is not looked at
    checkpoint,
};

/// Where a test stands in for the disk. Empty members mean the real one.
///
/// Threads  called on whichever thread writes
struct StoreSeams {
    /// Called before each step; a number other than 0 is the errno it fails with.
    std::function<int(store_step)> before;
    /// Bytes left on the file system of the data directory.
    std::function<std::optional<std::uint64_t>()> free_bytes;
};

}  // namespace fanfetch
