#pragma once

#include "store/job_store.hpp"
#include "store/segment_files.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace fanfetch {

/// A body in a segment of its own.
///
/// The payload begins at a fixed offset. What stands before it is known at the end only, and is
/// written then: a warcinfo record padded so that the response's header and head end exactly where
/// the payload begins. Until `finish` the file is nobody's: the next start removes it.
///
/// A body that has to be on the disk in the end is written there at once, past the page cache: the
/// copy would cost as much as the hash, and push out what others read.
///
/// Errors   as File; internal when the head does not fit in front of the payload
/// Threads  one caller at a time
class SegmentLongBody final : public LongBody {
public:
    /// `longest_head`: what the HTTP head may come to in `finish`.
    [[nodiscard]] static Expected<std::unique_ptr<LongBody>> begin(
        std::shared_ptr<SegmentFiles> files, std::size_t longest_head
    );
    ~SegmentLongBody() override;
    SegmentLongBody(const SegmentLongBody&) = delete;
    SegmentLongBody& operator=(const SegmentLongBody&) = delete;

    Expected<void> append(std::string_view bytes) override;
    Expected<BodyRef> finish(const ResponseRecord& response, const Sha256& digest) override;

private:
    Expected<void> write(std::uint64_t offset, std::string_view bytes);
    Expected<void> write_blocks(std::string_view bytes);
    SegmentLongBody(
        std::shared_ptr<SegmentFiles> files, File file, std::uint64_t number, std::uint64_t start
    );

    std::shared_ptr<SegmentFiles> files_;
    File file_;
    std::uint64_t number_;
    std::uint64_t start_;       // of the payload
    std::uint64_t length_ = 0;  // of what was appended
    std::string rest_;          // its end, less than a block, that is not written yet
    bool finished_ = false;
};

}  // namespace fanfetch
