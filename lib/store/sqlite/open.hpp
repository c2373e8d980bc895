#pragma once

#include "base/byte_size.hpp"
#include "base/expected.hpp"
#include "base/metrics.hpp"
#include "base/time.hpp"
#include "store/job_store.hpp"
#include "store/segment_files.hpp"
#include "store/store_seams.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace fanfetch {

/// When what erased jobs left in segments of living ones is given back, see lib/store/README.md.
struct CompactionOptions {
    /// After an erasure, so that many are looked at together.
    std::chrono::milliseconds delay = std::chrono::minutes{1};
    /// Segments that take less of the disk are let be.
    ByteSize least{std::uint64_t{1} << 20U};
};

/// What the store's threads count.
struct StoreMetrics {
    Histogram commit_seconds;  ///< of each group, with the bodies that go before it
    Counter compactions;
    Counter compacted_bytes;  ///< that the disk got back

    [[nodiscard]] static StoreMetrics make(MetricRegistry& registry);
};

struct StoreOptions {
    std::string data_dir = "./data";
    fanfetch::durability durability = durability::full;
    ByteSize min_free{std::uint64_t{1} << 30U};  ///< below it new work is refused
    ByteSize segment_size{
        std::uint64_t{256} << 20U};  ///< a segment this long is followed by a new one
    ByteSize longest_head{std::uint64_t{64} << 10U};  ///< of a response that becomes a LongBody
    std::size_t readers = 4;                          ///< connections for reading, opened as needed
    CompactionOptions compaction;
    const Clock* clock = &system_clock();
    const StoreMetrics* metrics = nullptr;  ///< outlives the store; null: nothing is counted
    StoreSeams seams;
};

/// What is left for anybody on the file system of the data directory; nullopt when it does not say.
[[nodiscard]] std::optional<std::uint64_t> free_bytes(const StoreOptions& options);

/// Opens the store in a data directory, making it when there is nothing there.
///
/// Under `data_dir` it keeps `lock`, `fanfetch.db` with its WAL, and `segments/`. Before anything
/// is written the database is judged: header, identity of its WAL, and for up to about two seconds
/// the structure of its pages. What the last process left half-written in segments is cut off, and
/// segments nobody refers to are removed.
///
/// Errors   store_unavailable with one line that says what is wrong: another process has the
///          directory, the database is damaged, foreign, newer, read-only or not a file. The files
///          are then as they were
/// Threads  any thread; blocks on the disk
[[nodiscard]] Expected<std::unique_ptr<JobStore>> open_sqlite_store(StoreOptions options);

}  // namespace fanfetch
