#pragma once

#include "store/segment_files.hpp"
#include "store/segment_map.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/open.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace fanfetch::sqlite {

/// The thread that gives back what erased jobs have left in segments of living ones: what holes
/// (segment_holes.hpp) are too coarse for. A segment is compacted when less than half of what it
/// takes on the disk is referred to.
///
/// It only reads the database, and changes no row: records are found in a compacted segment as they
/// were before. What refers to a segment is known from `holdings`; only when the references found
/// there are as many as the segment counts is anything left out.
///
/// Errors   are reported (future/errors.hpp); the segment stays as it is
/// Threads  `look` from any; stopping or destroying it ends what is under way at its next piece
class Compactor {
public:
    Compactor(
        std::string database, std::shared_ptr<SegmentFiles> files, CompactionOptions options,
        std::function<std::optional<std::uint64_t>()> free_bytes, const StoreMetrics* metrics
    );
    ~Compactor();
    Compactor(const Compactor&) = delete;
    Compactor& operator=(const Compactor&) = delete;

    /// Something has been erased.
    void look();
    /// Ends it; it can still be told of erasures.
    void stop();

private:
    struct Candidate {
        std::uint64_t number = 0;
        std::uint64_t references = 0;
        std::uint64_t alive = 0;  ///< bytes
    };

    void run();
    [[nodiscard]] bool wait_for_news();
    [[nodiscard]] bool pause(std::chrono::milliseconds time);
    void compact_all();
    [[nodiscard]] bool worthwhile(const Candidate& candidate, std::uint64_t taken) const;
    [[nodiscard]] std::uint64_t taken_by(const Candidate& candidate) const;
    [[nodiscard]] bool compact_one(Connection& connection, const Candidate& candidate);
    void count(std::uint64_t given_back) const;
    [[nodiscard]] std::optional<std::vector<RecordSpan>> alive_in(
        Connection& connection, const Candidate& candidate
    );

    const std::string database_;
    const std::shared_ptr<SegmentFiles> files_;
    const CompactionOptions options_;
    const std::function<std::optional<std::uint64_t>()> free_bytes_;
    const StoreMetrics* const metrics_;  // may be null

    std::mutex mutex_;
    std::condition_variable changed_;
    bool news_ = false;      // guarded by mutex_
    bool stopping_ = false;  // guarded by mutex_
    std::jthread thread_;    // last: it uses all of the above
};

}  // namespace fanfetch::sqlite
