#include "store/segment_compaction.hpp"

#include "archive/warc.hpp"
#include "base/random.hpp"
#include "store/stored_segment.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

namespace fanfetch {
namespace {

constexpr std::size_t longest_buffer = 256U << 10U;
constexpr std::uint64_t between_syncs = 4U << 20U;  // the writer's own syncs wait for no more

/// What stands in front of the records: where they have gone, and what the file is.
std::string front_of(std::uint64_t number, const std::vector<RecordSpan>& records) {
    auto runs = moved_runs(records);
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    FastRandom random;
    std::string info;
    append_warcinfo(info, SegmentFiles::name_of(number), now, random);
    std::string front;
    append_warc_moved(front, runs.size() * moved_run_size, now, random);
    const std::uint64_t shift =
        front.size() + runs.size() * moved_run_size + warc_record_end.size() + info.size();
    for (auto& run : runs) {
        run.to += shift;
        encode(front, run);
    }
    return front.append(warc_record_end).append(info);
}

/// Whether the bytes are one record from its first to its last.
bool is_whole_record(std::string_view bytes) {
    const auto header = read_warc_header(bytes.substr(0, warc_max_header));
    return header && bytes.ends_with(warc_record_end) &&
           header->header_length + header->content_length + warc_record_end.size() == bytes.size();
}

/// The file that takes the segment's place; removed again unless it does.
class Replacement {
public:
    Replacement(SegmentFiles& files, std::uint64_t number) : files_{files}, number_{number} {}
    ~Replacement() {
        if (file_) {
            files_.remove_replacement(number_);
        }
    }
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;

    [[nodiscard]] Expected<void> create() {
        auto file = files_.create_replacement(number_);
        if (!file) {
            return file.error();
        }
        file_ = *std::move(file);
        return {};
    }
    [[nodiscard]] Expected<void> append(std::string_view bytes) {
        buffer_.append(bytes);
        return buffer_.size() < longest_buffer ? Expected<void>{} : write();
    }
    /// Whether enough has been written since the last sync for another.
    [[nodiscard]] bool sync_is_due() const noexcept { return written_ - synced_ >= between_syncs; }
    [[nodiscard]] Expected<void> sync() {
        synced_ = written_;
        return file_.sync();
    }
    [[nodiscard]] Expected<std::uint64_t> put_in_place() {
        if (auto written = write(); !written) {
            return written.error();
        }
        if (auto replaced = files_.replace(number_, file_); !replaced) {
            return replaced.error();
        }
        file_ = {};
        return written_;
    }

private:
    Expected<void> write() {
        auto written = files_.write(file_, written_, buffer_);
        written_ += buffer_.size();
        buffer_.clear();
        return written;
    }

    SegmentFiles& files_;
    std::uint64_t number_;
    File file_;
    std::string buffer_;
    std::uint64_t written_ = 0;
    std::uint64_t synced_ = 0;
};

/// Copies one record; false when it is being erased.
Expected<bool> copy_record(
    const StoredSegment& from, const RecordSpan& record, Replacement& to, std::string& bytes
) {
    const auto at = from.find(record.offset, record.length);
    if (!at) {
        return at.error();
    }
    if (!*at) {
        return false;
    }
    const auto length = static_cast<std::size_t>(record.length);
    if (auto read = from.file().read_at(**at, length, bytes); !read) {
        return read.error();
    }
    if (bytes.size() != length || !is_whole_record(bytes)) {
        return false;
    }
    if (auto appended = to.append(bytes); !appended) {
        return appended.error();
    }
    return true;
}

}  // namespace

Expected<std::optional<std::uint64_t>> compact_segment(
    SegmentFiles& files, std::uint64_t number, std::vector<RecordSpan> alive,
    const std::function<bool()>& go_on
) {
    std::ranges::sort(alive);
    const auto twice = std::ranges::unique(alive);
    alive.erase(twice.begin(), twice.end());
    const auto from = StoredSegment::open_readable(files, number);
    if (!from) {
        return from.error();
    }
    Replacement to{files, number};
    if (auto created = to.create(); !created) {
        return created.error();
    }
    if (auto begun = to.append(front_of(number, alive)); !begun) {
        return begun.error();
    }
    std::string bytes;
    for (const auto& record : alive) {
        const auto copied = copy_record(*from, record, to, bytes);
        if (!copied) {
            return copied.error();
        }
        if (!*copied) {
            return std::optional<std::uint64_t>{};
        }
        if (!to.sync_is_due()) {
            continue;
        }
        if (auto synced = to.sync(); !synced) {
            return synced.error();
        }
        if (!go_on()) {
            return std::optional<std::uint64_t>{};
        }
    }
    const auto length = to.put_in_place();
    return length ? Expected<std::optional<std::uint64_t>>{std::optional{*length}} : length.error();
}

}  // namespace fanfetch
