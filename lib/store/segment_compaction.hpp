#pragma once

#include "store/segment_files.hpp"
#include "store/segment_map.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace fanfetch {

/// Writes what is alive of a segment into a new file, and puts that in its place.
///
/// Whoever has the old file open goes on reading it; whoever opens the new one finds each record by
/// the offset it was written at (StoredSegment). The exchange is one rename of a file that has been
/// synced, so that a crash leaves the one or the other, and a `.new` that the next start removes.
///
/// `alive`: every record that a row refers to, in any order. The segment is not appended to any
/// more. `go_on`: asked after each few MiB, which are on the disk by then; false ends it. Records
/// may be erased meanwhile: those that were are met as such, and end it too.
///
/// Answers  how long the new file is; nullopt when it was ended, with the segment as it was
/// Errors   as File, with the segment as it was
/// Threads  one for a segment; blocks on the disk
[[nodiscard]] Expected<std::optional<std::uint64_t>> compact_segment(
    SegmentFiles& files, std::uint64_t number, std::vector<RecordSpan> alive,
    const std::function<bool()>& go_on
);

}  // namespace fanfetch
