#pragma once

#include "archive/warc.hpp"
#include "base/byte_size.hpp"
#include "base/random.hpp"
#include "model/result.hpp"
#include "store/job_store.hpp"
#include "store/segment_files.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// How far a segment is filled with committed records.
struct SegmentEnd {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
};

/// Appends responses to segments, group by group.
///
/// `add` collects, `flush` makes durable, and then the group's rows are committed: `keep` when
/// they were, `roll_back` when they were not. A record is never split over two segments; a segment
/// is followed by a new one when it has reached its size. A file that failed a write or a sync is
/// never appended to again, because the kernel may have dropped what it could not write.
///
/// Errors   as File; after one, `roll_back` before the next `add`
/// Threads  one owner: the thread that writes
class SegmentWriter {
public:
    SegmentWriter(SegmentFiles& files, ByteSize segment_size);

    /// Goes on in an existing segment, whose records end at `end.bytes`.
    [[nodiscard]] Expected<void> resume(SegmentEnd end);

    [[nodiscard]] Expected<BodyRef> add(const ResponseRecord& response, const ItemResult& result);
    /// A JSON text about a resource.
    [[nodiscard]] Expected<BodyRef> add_metadata(
        std::string_view url, WallTime made_at, std::string_view json
    );
    [[nodiscard]] Expected<void> flush();
    void keep();
    void roll_back();

    /// The segments that this group wrote to; their ends belong into the group's rows.
    [[nodiscard]] const std::vector<SegmentEnd>& touched() const noexcept { return touched_; }
    /// The segment in use, 0 before the first record.
    [[nodiscard]] std::uint64_t current() const noexcept { return current_.number; }

private:
    [[nodiscard]] Expected<void> make_room();
    [[nodiscard]] Expected<BodyRef> append(
        std::size_t start, std::string_view payload, bool has_payload
    );
    [[nodiscard]] Expected<void> begin_segment();
    [[nodiscard]] Expected<void> write_buffer();
    [[nodiscard]] Expected<void> sync_current();
    void note_touched();

    SegmentFiles& files_;
    std::uint64_t segment_size_;
    FastRandom random_;
    File file_;
    SegmentEnd current_;  // `bytes` counts what is in buffer_ too
    SegmentEnd kept_;     // where the last committed group ended
    std::string buffer_;  // what is not written yet; it ends at current_.bytes
    std::vector<SegmentEnd> touched_;
    bool entry_is_new_ = false;  // the directory is not synced yet
    bool healthy_ = true;        // no write or sync of file_ has failed
};

}  // namespace fanfetch
