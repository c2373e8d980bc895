#include "store/segment_writer.hpp"

#include <cassert>

namespace fanfetch {
namespace {

constexpr std::size_t longest_buffer = 256U << 10U;  // then it is written, still warm in the cache
constexpr std::size_t large_payload = 128U << 10U;   // from here on copying costs more than a call

WallTime wall_now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

WarcResponse warc_response(const ResponseRecord& response, const ItemResult& result) {
    const auto payload = response.store_payload ? response.payload.size() : 0;
    return {
        .target_url = response.target_url,
        .remote_address = response.remote_address,
        .protocol = result.http_version == "2" ? "h2" : "",
        .fetched_at = response.fetched_at,
        .payload_digest = response.store_payload && result.sha256 ? &*result.sha256 : nullptr,
        .block_length = response.head.size() + 2 + payload,
        .payload_left_out = !response.store_payload,
    };
}

}  // namespace

SegmentWriter::SegmentWriter(SegmentFiles& files, ByteSize segment_size)
    : files_{files}, segment_size_{segment_size.bytes} {}

Expected<void> SegmentWriter::resume(SegmentEnd end) {
    auto file = files_.open_writable(end.number);
    if (!file) {
        return file.error();
    }
    file_ = std::move(*file);
    current_ = kept_ = end;
    return {};
}

Expected<void> SegmentWriter::begin_segment() {
    const auto number = files_.take_number();
    auto file = files_.create(number);
    if (!file) {
        return file.error();
    }
    file_ = std::move(*file);
    healthy_ = true;
    entry_is_new_ = true;
    append_warcinfo(buffer_, SegmentFiles::name_of(number), wall_now(), random_);
    current_ = {number, buffer_.size()};
    note_touched();
    return {};
}

/// Sees to it that the next record begins in a segment that is not full.
Expected<void> SegmentWriter::make_room() {
    if (file_ && current_.bytes < segment_size_) {
        return buffer_.size() < longest_buffer ? Expected<void>{} : write_buffer();
    }
    if (file_ && !touched_.empty()) {
        if (auto synced = sync_current(); !synced) {
            return synced;
        }
    }
    return begin_segment();
}

void SegmentWriter::note_touched() {
    if (touched_.empty() || touched_.back().number != current_.number) {
        touched_.push_back(current_);
    }
    touched_.back().bytes = current_.bytes;
}

Expected<BodyRef> SegmentWriter::add(const ResponseRecord& response, const ItemResult& result) {
    assert(healthy_);
    if (auto room = make_room(); !room) {
        return room.error();
    }
    const std::size_t start = buffer_.size();
    append_warc_response(buffer_, warc_response(response, result), random_);
    buffer_.append(response.head).append("\r\n");
    const std::string_view payload =
        response.store_payload ? std::string_view{response.payload} : std::string_view{};
    return append(start, payload, response.store_payload);
}

Expected<BodyRef> SegmentWriter::add_metadata(
    std::string_view url, WallTime made_at, std::string_view json
) {
    assert(healthy_);
    if (auto room = make_room(); !room) {
        return room.error();
    }
    const std::size_t start = buffer_.size();
    append_warc_metadata(
        buffer_, {.target_url = url, .made_at = made_at, .block_length = json.size()}, random_
    );
    return append(start, json, true);
}

/// Ends a record whose front, from `start` on, is in the buffer.
Expected<BodyRef> SegmentWriter::append(
    std::size_t start, std::string_view payload, bool has_payload
) {
    const std::size_t payload_offset = buffer_.size() - start;
    const BodyRef body{
        .segment = current_.number,
        .offset = current_.bytes,
        .record_length = payload_offset + payload.size(),
        .payload_offset = static_cast<std::uint32_t>(payload_offset),
        .has_payload = has_payload,
    };
    current_.bytes += payload_offset;
    if (payload.size() < large_payload) {
        buffer_.append(payload);
    } else {
        if (auto written = write_buffer(); !written) {
            return written.error();
        }
        if (auto written = files_.write(file_, current_.bytes, payload); !written) {
            healthy_ = false;
            return written.error();
        }
    }
    buffer_.append(warc_record_end);
    current_.bytes += payload.size() + warc_record_end.size();
    note_touched();
    return body;
}

Expected<void> SegmentWriter::write_buffer() {
    auto written = files_.write(file_, current_.bytes - buffer_.size(), buffer_);
    healthy_ = healthy_ && written.has_value();
    buffer_.clear();
    return written;
}

Expected<void> SegmentWriter::sync_current() {
    auto done = write_buffer();
    if (done) {
        done = files_.sync(file_);
    }
    if (done && entry_is_new_) {
        done = files_.sync_entries();
    }
    healthy_ = healthy_ && done.has_value();
    entry_is_new_ = entry_is_new_ && !done;
    return done;
}

Expected<void> SegmentWriter::flush() {
    return touched_.empty() ? Expected<void>{} : sync_current();
}

void SegmentWriter::keep() {
    kept_ = current_;
    touched_.clear();
}

void SegmentWriter::roll_back() {
    buffer_.clear();
    for (const auto& [number, bytes] : touched_) {
        if (number != kept_.number) {
            files_.remove(number);
        }
    }
    if (!touched_.empty()) {
        const bool same = file_ && current_.number == kept_.number;
        if (!same || !healthy_ || !file_.cut(kept_.bytes)) {
            file_ = {};  // what is left behind the committed end is cut at the next start
            current_ = kept_ = {};
        }
        current_.bytes = kept_.bytes;
    }
    healthy_ = true;
    touched_.clear();
}

}  // namespace fanfetch
