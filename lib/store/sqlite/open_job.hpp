#pragma once

#include "model/job_record.hpp"
#include "model/webhook_event.hpp"
#include "store/block_codec.hpp"
#include "store/row_codec.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

namespace fanfetch::sqlite {

/// What the writer knows of a job without asking the database: its counters, its newest outcomes,
/// and the results of the running group that are not in a row yet.
///
/// A copy of what is committed plus the running group; thrown away whenever a group fails.
struct OpenJob {
    struct Outcomes {
        SeqBlock block;
        bool changed = false;
    };

    /// What the running group adds to what results of the job refer to in one segment.
    struct Holding {
        std::uint64_t first_seq = 0;
        std::uint64_t references = 0;
        std::uint64_t bytes = 0;
    };

    std::int64_t key = 0;
    std::string id;
    std::string tenant;
    EventSet events;  ///< of all its callbacks together
    job_state state = job_state::pending;
    bool sealed = false;
    std::int64_t run = 1;
    bool rerunning = false;  ///< its items are being put back for another run
    std::uint64_t total = 0;
    std::uint64_t last_seq = 0;
    std::uint64_t low_water = 0;  ///< every item below has a result
    std::uint64_t stored = 0;     ///< bytes in segments
    JobTally tally;
    std::optional<WallTime> completed_at;

    std::unordered_map<std::uint64_t, Outcomes> outcomes;  ///< by index / SeqBlock::slots
    BlockWriter results{result_block_version};
    std::uint64_t first_seq = 0;                ///< of the first result in `results`
    std::map<std::uint64_t, Holding> holdings;  ///< by segment; the last seq is the newest
    bool changed = false;                       ///< its row is behind
};

}  // namespace fanfetch::sqlite
