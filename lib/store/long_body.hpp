#pragma once

#include "store/job_store.hpp"
#include "store/segment_files.hpp"

#include <cstdint>
#include <memory>

namespace fanfetch {

/// A body in a segment of its own.
///
/// The payload begins at a fixed offset. What stands before it is known at the end only, and is
/// written then: a warcinfo record padded so that the response's header and head end exactly where
/// the payload begins. Until `finish` the file is nobody's: the next start removes it.
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
    SegmentLongBody(
        std::shared_ptr<SegmentFiles> files, File file, std::uint64_t number, std::uint64_t start
    );

    std::shared_ptr<SegmentFiles> files_;
    File file_;
    std::uint64_t number_;
    std::uint64_t start_;  // of the payload
    std::uint64_t length_ = 0;
    bool finished_ = false;
};

}  // namespace fanfetch
