#include "store/sqlite/open.hpp"

#include "store/segment_reader.hpp"
#include "store/sqlite/open_database.hpp"
#include "store/sqlite/sqlite_job_store.hpp"
#include "store/stored_segment.hpp"

#include <algorithm>
#include <map>

#include <sys/statvfs.h>

namespace fanfetch {
namespace {

using sqlite::Connection;
using sqlite::DatabaseError;
using sqlite::Statement;

/// What the database knows of a segment.
struct KnownSegment {
    bool shared = false;  ///< appended to, group by group; else one long body
    std::uint64_t bytes = 0;
    bool referred_to = false;
};

std::map<std::uint64_t, KnownSegment> known_segments(Connection& connection) {
    std::map<std::uint64_t, KnownSegment> known;
    Statement rows{connection, "SELECT number, shared, bytes, refs FROM segments"};
    while (rows.step()) {
        known[static_cast<std::uint64_t>(rows.number(0))] = {
            rows.number(1) != 0, static_cast<std::uint64_t>(rows.number(2)), rows.number(3) > 0};
    }
    return known;
}

/// Cuts off what was written behind the committed records. A file that lost some of them (only
/// the kernel's crash with `durability::os` does that) is left readable up to its last whole one;
/// nobody writes to a compacted one. True when it can be appended to.
Expected<bool> cut_tail(const SegmentFiles& files, std::uint64_t number, std::uint64_t committed) {
    auto segment = StoredSegment::open_writable(files, number);
    if (!segment || segment->compacted()) {
        return false;  // a missing one: its bodies read as `internal`
    }
    File* const file = &segment->file();
    const auto size = file->size();
    if (!size) {
        return size.error();
    }
    if (*size == committed) {
        return true;
    }
    auto end =
        *size > committed ? Expected<std::uint64_t>{committed} : end_of_whole_records(*file, *size);
    if (!end) {
        return end.error();
    }
    if (auto cut = file->cut(*end); !cut) {
        return cut.error();
    }
    return *size > committed;
}

/// Takes the segments up where the last process left them.
Expected<void> recover_segments(
    Connection& connection, SegmentFiles& files, SegmentWriter& writer
) {
    files.remove_replacements();
    const auto known = known_segments(connection);
    auto present = files.list();
    if (!present) {
        return present.error();
    }
    std::uint64_t highest = known.empty() ? 0 : known.rbegin()->first;
    for (const auto number : *present) {
        highest = std::max(highest, number);
        const auto entry = known.find(number);
        if (entry == known.end() || !entry->second.referred_to) {
            files.remove(number);
        }
    }
    files.number_from(highest + 1);
    Statement forget{connection, "DELETE FROM segments WHERE refs = 0"};
    forget.run();

    SegmentEnd last;
    for (const auto& [number, segment] : known) {
        if (!segment.referred_to || !segment.shared) {
            continue;
        }
        auto whole = cut_tail(files, number, segment.bytes);
        if (!whole) {
            return whole.error();
        }
        last = *whole ? SegmentEnd{number, segment.bytes} : SegmentEnd{};
    }
    return last.number == 0 ? Expected<void>{} : writer.resume(last);
}

}  // namespace

StoreMetrics StoreMetrics::make(MetricRegistry& registry) {
    return {
        registry.histogram(
            {"fanfetch_store_commit_duration_seconds", "Time that commits of the store took.", {}},
            {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}
        ),
        registry.counter({"fanfetch_store_compactions_total", "Segments that were compacted.", {}}),
        registry.counter(
            {"fanfetch_store_compacted_bytes_total",
             "Bytes of the disk that compactions gave back.",
             {}}
        ),
    };
}

std::optional<std::uint64_t> free_bytes(const StoreOptions& options) {
    if (options.seams.free_bytes) {
        return options.seams.free_bytes();
    }
    struct statvfs info {};
    if (::statvfs(options.data_dir.c_str(), &info) != 0) {
        return std::nullopt;
    }
    return std::uint64_t{info.f_bavail} * info.f_frsize;
}

Expected<std::unique_ptr<JobStore>> open_sqlite_store(StoreOptions options) try {
    auto directory = sqlite::DataDirectory::claim(options.data_dir);
    if (!directory) {
        return directory.error();
    }
    options.data_dir = directory->path();
    auto connection = sqlite::open_database(*directory, options.durability);
    if (!connection) {
        return connection.error();
    }
    auto files =
        std::make_shared<SegmentFiles>(directory->segments(), options.durability, options.seams);
    SegmentWriter segments{*files, options.segment_size};
    if (auto recovered = recover_segments(**connection, *files, segments); !recovered) {
        return recovered.error();
    }
    return std::unique_ptr<JobStore>{std::make_unique<sqlite::SqliteJobStore>(
        std::move(*directory), std::move(options), std::move(files), std::move(*connection),
        std::move(segments)
    )};
} catch (const DatabaseError& error) {
    return error.failure();
}

}  // namespace fanfetch
