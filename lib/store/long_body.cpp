#include "store/long_body.hpp"

#include "archive/warc.hpp"
#include "base/random.hpp"

namespace fanfetch {
namespace {

constexpr std::uint64_t block = 4096;

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
    const std::uint64_t start = (needed + block - 1) / block * block;
    return std::unique_ptr<LongBody>{
        new SegmentLongBody{std::move(files), std::move(*file), number, start}};
}

Expected<void> SegmentLongBody::append(std::string_view bytes) {
    auto written = files_->write(file_, start_ + length_, bytes);
    if (written) {
        length_ += bytes.size();
    } else if (written.error().code == failure_code::disk_low) {
        files_->note_refused_body();
    }
    return written;
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

    auto done = files_->write(file_, 0, front);
    if (done) {
        done = files_->write(file_, start_ + length_, warc_record_end);
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
