#include "store/stored_segment.hpp"

#include "archive/warc.hpp"
#include "store/segment_map.hpp"

#include <string>

namespace fanfetch {
namespace {

constexpr std::size_t longest_front = 512;

Failure damaged() {
    return failed(failure_code::internal, "reading a segment: its map is damaged");
}

}  // namespace

Expected<StoredSegment> StoredSegment::open_readable(
    const SegmentFiles& files, std::uint64_t number
) {
    return judge(files.open_readable(number));
}

Expected<StoredSegment> StoredSegment::open_writable(
    const SegmentFiles& files, std::uint64_t number
) {
    return judge(files.open_writable(number));
}

Expected<StoredSegment> StoredSegment::judge(Expected<File> file) {
    if (!file) {
        return file.error();
    }
    StoredSegment segment{*std::move(file)};
    std::string front;
    if (auto read = segment.file_.read_at(0, longest_front, front); !read) {
        return read.error();
    }
    if (!front.starts_with(warc_moved_front)) {
        return segment;
    }
    const auto header = read_warc_header(front);
    if (!header || header->content_length == 0 || header->content_length % moved_run_size != 0) {
        return damaged();
    }
    segment.map_begin_ = header->header_length;
    segment.runs_ = header->content_length / moved_run_size;
    return segment;
}

Expected<std::optional<std::uint64_t>> StoredSegment::find(
    std::uint64_t offset, std::uint64_t length
) const {
    if (!compacted()) {
        return std::optional{offset};
    }
    std::uint64_t low = 0;
    std::uint64_t high = runs_;
    std::string bytes;
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        auto read = file_.read_at(map_begin_ + middle * moved_run_size, moved_run_size, bytes);
        if (!read) {
            return read.error();
        }
        const auto run = decode_moved_run(bytes);
        if (!run) {
            return damaged();
        }
        if (offset < run->from) {
            high = middle;
        } else if (offset - run->from >= run->length) {
            low = middle + 1;
        } else {
            const auto into = offset - run->from;
            const bool whole = length <= run->length - into;
            return whole ? std::optional{run->to + into} : std::nullopt;
        }
    }
    return std::optional<std::uint64_t>{};
}

}  // namespace fanfetch
