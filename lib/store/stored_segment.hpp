#pragma once

#include "store/segment_files.hpp"

#include <cstdint>
#include <optional>

namespace fanfetch {

/// A segment whose records are found by the offsets they were written at.
///
/// In most segments that is where they are. One that was compacted begins with a record of type
/// `x-moved`, which says where they have gone (segment_map.hpp); it stays so for as long as the
/// file is open, whatever takes its place meanwhile.
///
/// Errors   as File; internal when the map is damaged
/// Threads  as File
class StoredSegment {
public:
    [[nodiscard]] static Expected<StoredSegment> open_readable(
        const SegmentFiles& files, std::uint64_t number
    );
    [[nodiscard]] static Expected<StoredSegment> open_writable(
        const SegmentFiles& files, std::uint64_t number
    );

    [[nodiscard]] bool compacted() const noexcept { return runs_ > 0; }

    /// Where the bytes are that were written at `offset`, all `length` of them together; nullopt:
    /// nobody wanted them when the segment was compacted.
    [[nodiscard]] Expected<std::optional<std::uint64_t>> find(
        std::uint64_t offset, std::uint64_t length
    ) const;

    [[nodiscard]] File& file() noexcept { return file_; }
    [[nodiscard]] const File& file() const noexcept { return file_; }

private:
    explicit StoredSegment(File file) noexcept : file_{std::move(file)} {}
    static Expected<StoredSegment> judge(Expected<File> file);

    File file_;
    std::uint64_t map_begin_ = 0;
    std::uint64_t runs_ = 0;
};

}  // namespace fanfetch
