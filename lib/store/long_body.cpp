#include "store/long_body.hpp"

#include "archive/warc.hpp"
#include "base/random.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace fanfetch {
namespace {

constexpr std::size_t block = File::direct_block;

/// Memory that a disk may read from, a piece at a time; each worker has its own.
class AlignedPiece {
public:
    static constexpr std::size_t size = 64 * block;

    AlignedPiece() : bytes_{static_cast<char*>(::operator new(size, alignment))} {}
    AlignedPiece(const AlignedPiece&) = delete;
    AlignedPiece& operator=(const AlignedPiece&) = delete;
    ~AlignedPiece() { ::operator delete(bytes_, alignment); }

    /// Takes from the front of `bytes` what there is room for.
    void take(std::string_view& bytes) noexcept {
        const auto count = std::min(bytes.size(), size - filled_);
        std::memcpy(bytes_ + filled_, bytes.data(), count);
        filled_ += count;
        bytes.remove_prefix(count);
    }
    [[nodiscard]] std::string_view blocks() const noexcept {
        return {bytes_, filled_ / block * block};
    }
    [[nodiscard]] std::string_view rest() const noexcept {
        return {bytes_ + blocks().size(), filled_ % block};
    }
    void clear() noexcept { filled_ = 0; }

private:
    static constexpr std::align_val_t alignment{block};

    char* bytes_;
    std::size_t filled_ = 0;
};

}  // namespace

SegmentLongBody::SegmentLongBody(
    std::shared_ptr<SegmentFiles> files, File file, std::uint64_t number, std::uint64_t start
)
    : files_{std::move(files)}, file_{std::move(file)}, number_{number}, start_{start} {}

SegmentLongBody::~SegmentLongBody() {
    if (!finished_) {
        files_->remove(number_);
    }
}

Expected<std::unique_ptr<LongBody>> SegmentLongBody::begin(
    std::shared_ptr<SegmentFiles> files, std::size_t longest_head
) {
    const auto number = files->take_number();
    auto file = files->create(number);
    if (!file) {
        return file.error();
    }
    const std::uint64_t needed = longest_head + warc_max_header + warcinfo_min_padded;
    if (files->syncs()) {
        file->set_direct(true);
    }
    const std::uint64_t start = (needed + block - 1) / block * block;
    return std::unique_ptr<LongBody>{
        new SegmentLongBody{std::move(files), std::move(*file), number, start}};
}

Expected<void> SegmentLongBody::append(std::string_view bytes) {
    auto written =
        file_.direct() || !rest_.empty() ? write_blocks(bytes) : write(start_ + length_, bytes);
    if (written) {
        length_ += bytes.size();
    }
    return written;
}

Expected<void> SegmentLongBody::write(std::uint64_t offset, std::string_view bytes) {
    auto written = files_->write(file_, offset, bytes);
    if (!written && written.error().code == failure_code::disk_low) {
        files_->note_refused_body();
    }
    return written;
}

/// Writes what there is of whole blocks; the rest waits for what comes next.
Expected<void> SegmentLongBody::write_blocks(std::string_view bytes) {
    thread_local AlignedPiece piece;
    auto offset = start_ + length_ - rest_.size();
    piece.clear();
    std::string_view before = rest_;
    piece.take(before);
    do {
        piece.take(bytes);
        const auto blocks = piece.blocks();
        if (auto written = blocks.empty() ? Expected<void>{} : write(offset, blocks); !written) {
            return written;
        }
        offset += blocks.size();
        rest_ = piece.rest();
        piece.clear();
        before = rest_;
        piece.take(before);
    } while (!bytes.empty());
    return {};
}

Expected<BodyRef> SegmentLongBody::finish(const ResponseRecord& response, const Sha256& digest) {
    FastRandom random;
    std::string record;
    append_warc_response(
        record,
        {
            .target_url = response.target_url,
            .remote_address = response.remote_address,
            .protocol = {},
            .fetched_at = response.fetched_at,
            .payload_digest = &digest,
            .block_length = response.head.size() + 2 + length_,
        },
        random
    );
    record.append(response.head).append("\r\n");
    if (record.size() + warcinfo_min_padded > start_) {
        return failed(failure_code::internal, "finishing a long body: its head is too long");
    }
    const BodyRef body{
        .segment = number_,
        .offset = start_ - record.size(),
        .record_length = record.size() + length_,
        .payload_offset = static_cast<std::uint32_t>(record.size()),
        .has_payload = true,
    };
    std::string front;
    const auto name = SegmentFiles::name_of(number_);
    append_warcinfo(front, name, response.fetched_at, random, body.offset);
    front.append(record);

    file_.set_direct(false);  // these are no blocks
    auto done = write(0, front);
    if (done) {
        rest_ += warc_record_end;
        done = write(start_ + length_ + warc_record_end.size() - rest_.size(), rest_);
    }
    if (done) {
        done = files_->sync(file_);
    }
    if (done) {
        done = files_->sync_entries();
    }
    if (!done) {
        return done.error();
    }
    finished_ = true;
    return body;
}

}  // namespace fanfetch
