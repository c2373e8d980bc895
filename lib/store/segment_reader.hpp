#pragma once

#include "model/result.hpp"
#include "store/segment_files.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace fanfetch {

/// Reads part of a stored payload; shorter at its end, empty past it.
///
/// Errors   body_not_stored when the record has none; internal when the segment is missing or the
///          record in it is not the one the reference tells of
/// Threads  any thread; blocks on the disk
[[nodiscard]] Expected<std::string> read_payload(
    const SegmentFiles& files, const BodyRef& body, std::uint64_t offset, std::size_t length
);

/// The stored header block, without the empty line that ends it. Errors as read_payload, except
/// that a record without payload has a head too.
[[nodiscard]] Expected<std::string> read_head(const SegmentFiles& files, const BodyRef& body);

/// Where the last record that is whole ends, looking no further than `limit`.
[[nodiscard]] Expected<std::uint64_t> end_of_whole_records(const File& file, std::uint64_t limit);

}  // namespace fanfetch
