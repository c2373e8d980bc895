#pragma once

#include "model/result.hpp"
#include "store/segment_files.hpp"

#include <cstdint>
#include <vector>

namespace fanfetch {

/// Bytes of a segment that nobody will read again: whole records, one after the other.
struct DeadRange {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;

    friend bool operator==(const DeadRange&, const DeadRange&) = default;
};

/// Collects the records of results that are erased, and gives their room back to the disk.
///
/// What is left of neighbouring records is one record of type `x-erased` whose block is a hole, so
/// that the segment stays a WARC file for everybody: readers pass over types they do not know
/// (ISO 28500, §5.5). Less than `least` bytes in a row are not worth a call and a record; they
/// stay until the segment goes. Nothing is synced: a crash leaves old bytes, new ones or zeros in
/// a range that no row refers to, under a header that fits either way.
///
/// Errors   none: where the file system has no holes, the room comes back with the segment
/// Threads  one owner, while nobody appends to these ranges
class SegmentHoles {
public:
    static constexpr std::uint64_t least = 64U << 10U;

    void add(const BodyRef& body);
    /// Punches what was added, and forgets it.
    void punch(const SegmentFiles& files);

    /// What was added, neighbours joined. A record that was added twice counts once.
    [[nodiscard]] std::vector<DeadRange> ranges() const;

private:
    std::vector<DeadRange> dead_;
};

}  // namespace fanfetch
