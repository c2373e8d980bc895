#include "cli/get_warc.hpp"

#include "archive/warc.hpp"

#include <utility>

namespace fanfetch {

Expected<std::unique_ptr<WarcFile>> WarcFile::create(
    const OutputDirectory& directory, std::string name, WallTime now
) {
    auto file = directory.create();
    if (!file) {
        return file.error();
    }
    FastRandom random;
    std::string info;
    append_warcinfo(info, name, now, random);
    if (auto written = (*file)->append(info); !written) {
        return written.error();
    }
    return std::unique_ptr<WarcFile>{new WarcFile{std::move(*file), std::move(name)}};
}

Expected<void> WarcFile::add(
    const ResponseRecord& response, const Sha256& digest, const PartFile* body
) {
    const auto payload_size = body != nullptr ? body->size() : response.payload.size();
    const std::scoped_lock lock{mutex_};
    std::string front;
    append_warc_response(
        front,
        {
            .target_url = response.target_url,
            .remote_address = response.remote_address,
            .protocol = {},
            .fetched_at = response.fetched_at,
            .payload_digest = &digest,
            .block_length = response.head.size() + 2 + payload_size,
        },
        random_
    );
    front.append(response.head).append("\r\n");

    const auto start = file_->size();
    auto written = write(front, response.payload, body);
    if (!written) {
        (void)file_->cut_to(start);  // if that fails too, the first failure is the one to tell
    }
    return written;
}

Expected<void> WarcFile::write(
    const std::string& front, const std::string& payload, const PartFile* body
) {
    auto written = file_->append(front);
    if (written && body == nullptr) {
        written = file_->append(payload);
    }
    if (written && body != nullptr) {
        written = body->read_back([this](std::string_view piece) { return file_->append(piece); });
    }
    return written ? file_->append(warc_record_end) : written;
}

Expected<void> WarcFile::finish() {
    const std::scoped_lock lock{mutex_};
    return file_->keep_as(name_);
}

}  // namespace fanfetch
