#include "store/segment_holes.hpp"

#include "archive/warc.hpp"
#include "base/random.hpp"
#include "store/stored_segment.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <tuple>

#include <fcntl.h>

namespace fanfetch {
namespace {

void punch_one(StoredSegment& segment, const DeadRange& range) {
    const auto found = segment.find(range.offset, range.length);
    if (!found || !*found) {
        return;
    }
    const std::uint64_t at = **found;
    File& file = segment.file();
    std::string header;
    FastRandom random;
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    append_warc_erased(header, range.length, now, random);
    const auto end = range.length - warc_record_end.size();
    if (header.size() >= end || !file.write_at(at, header)) {
        return;
    }
    // Only now: whoever reads a record looks at its header last, and finds another one.
    const int how = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    (void)::fallocate(
        file.descriptor(), how, static_cast<off_t>(at + header.size()),
        static_cast<off_t>(end - header.size())
    );
}

}  // namespace

void SegmentHoles::add(const BodyRef& body) {
    if (body.segment != 0) {
        dead_.push_back({body.segment, body.offset, body.record_length + warc_record_end.size()});
    }
}

std::vector<DeadRange> SegmentHoles::ranges() const {
    auto sorted = dead_;
    std::ranges::sort(sorted, {}, [](const DeadRange& range) {
        return std::tuple{range.segment, range.offset};
    });
    const auto twice = std::ranges::unique(sorted);
    sorted.erase(twice.begin(), twice.end());
    std::vector<DeadRange> joined;
    for (const auto& range : sorted) {
        auto* const last = joined.empty() ? nullptr : &joined.back();
        if (last != nullptr && last->segment == range.segment &&
            last->offset + last->length == range.offset) {
            last->length += range.length;
        } else {
            joined.push_back(range);
        }
    }
    return joined;
}

void SegmentHoles::punch(const SegmentFiles& files) {
    std::optional<StoredSegment> segment;
    std::uint64_t opened = 0;
    for (const auto& range : ranges()) {
        if (range.length < least) {
            continue;
        }
        if (opened != range.segment) {
            auto found = StoredSegment::open_writable(files, range.segment);
            segment.reset();
            if (found) {
                segment.emplace(*std::move(found));
            }
            opened = range.segment;
        }
        if (segment) {
            punch_one(*segment, range);
        }
    }
    dead_.clear();
}

}  // namespace fanfetch
