#include "store/sqlite/backup.hpp"

#include "store/file.hpp"
#include "store/segment_files.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/schema.hpp"
#include "store/stored_segment.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include <sys/stat.h>

namespace fanfetch {
namespace {

using sqlite::Connection;
using sqlite::DatabaseError;
using sqlite::Statement;

constexpr std::size_t piece = 1U << 20U;

// How often the end is tried while jobs are erased all the time.
constexpr int most_rounds = 20;

Failure refused(const std::string& reason) {
    return failed(failure_code::api_invalid, "backing up: " + reason);
}

/// Ends a snapshot on every path.
class Snapshot {
public:
    explicit Snapshot(Connection& connection) : connection_{connection} {
        connection_.execute("BEGIN");
        (void)connection_.number("SELECT commits FROM meta WHERE id = 1");  // now it is one
    }
    ~Snapshot() { sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr); }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

private:
    Connection& connection_;
};

/// How long each segment is that somebody refers to.
using SegmentEnds = std::map<std::uint64_t, std::uint64_t>;

SegmentEnds segment_ends(Connection& connection) {
    SegmentEnds ends;
    Statement rows{connection, "SELECT number, bytes FROM segments WHERE refs > 0"};
    while (rows.step()) {
        ends[static_cast<std::uint64_t>(rows.number(0))] =
            static_cast<std::uint64_t>(rows.number(1));
    }
    return ends;
}

std::set<std::int64_t> living_jobs(Connection& connection) {
    std::set<std::int64_t> keys;
    Statement rows{connection, "SELECT key FROM jobs WHERE erased = 0"};
    while (rows.step()) {
        keys.insert(rows.number(0));
    }
    return keys;
}

bool is_zero(std::string_view bytes) noexcept {
    return bytes.find_first_not_of('\0') == std::string_view::npos;
}

/// The segments of the copy, grown as those of the original grow.
class SegmentCopies {
public:
    SegmentCopies(const std::string& from, const std::string& to)
        : from_{from + "/segments", durability::full, {}},
          to_{to + "/segments", durability::full, {}} {}

    /// Brings every segment to its length. One that has gone by now is left out: the jobs that
    /// referred to it have gone too, or the round is not the last.
    Expected<void> catch_up(const SegmentEnds& ends) {
        for (const auto& [number, end] : ends) {
            if (auto copied = copy(number, end); !copied) {
                return copied;
            }
        }
        return {};
    }

    /// Removes what the database of the copy does not refer to, and syncs the names of the rest.
    Expected<void> settle(const SegmentEnds& ends) {
        for (const auto& [number, length] : lengths_) {
            if (!ends.contains(number)) {
                to_.remove(number);
            }
        }
        return to_.sync_entries();
    }

private:
    Expected<void> copy(std::uint64_t number, std::uint64_t end) {
        const auto known = lengths_.find(number);
        const std::uint64_t have = known == lengths_.end() ? 0 : known->second;
        if (known != lengths_.end() && have >= end) {
            return {};
        }
        const auto original = StoredSegment::open_readable(from_, number);
        if (!original) {
            return {};
        }
        auto target = known == lengths_.end() ? to_.create(number) : to_.open_writable(number);
        if (!target) {
            return target.error();
        }
        auto copied = original->compacted() ? copy_whole(original->file(), *target)
                                            : copy_bytes(original->file(), *target, have, end);
        if (!copied) {
            return copied;
        }
        lengths_[number] = end;
        return to_.sync(*target);
    }

    /// A compacted segment is a file of its own, whatever has been copied of the one before.
    static Expected<void> copy_whole(const File& original, File& target) {
        const auto size = original.size();
        if (!size) {
            return size.error();
        }
        auto emptied = target.cut(0);
        return emptied ? copy_bytes(original, target, 0, *size) : emptied;
    }

    /// Holes stay holes.
    static Expected<void> copy_bytes(
        const File& original, File& target, std::uint64_t at, std::uint64_t end
    ) {
        std::string bytes;
        while (at < end) {
            const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece, end - at));
            if (auto read = original.read_at(at, wanted, bytes); !read) {
                return read;
            }
            if (bytes.empty()) {
                break;  // shorter than the database says, which a start copes with
            }
            if (!is_zero(bytes)) {
                if (auto written = target.write_at(at, bytes); !written) {
                    return written;
                }
            }
            at += bytes.size();
        }
        return target.cut(at);
    }

    SegmentFiles from_;
    SegmentFiles to_;
    std::map<std::uint64_t, std::uint64_t> lengths_;  // of what has been copied
};

/// Page by page, all of it from the snapshot that the source is in.
void copy_database(Connection& source, const std::string& path) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        std::remove((path + suffix).c_str());  // of the round before
    }
    Connection target{path, sqlite::access::create};
    // Nothing but the whole copy counts, and that is synced at the end.
    target.execute("PRAGMA synchronous = OFF");
    sqlite3_backup* const copying =
        sqlite3_backup_init(target.handle(), "main", source.handle(), "main");
    if (copying == nullptr) {
        throw DatabaseError{
            sqlite3_extended_errcode(target.handle()), sqlite3_errmsg(target.handle())};
    }
    constexpr int everything = -1;
    const int stepped = sqlite3_backup_step(copying, everything);
    const int code = sqlite3_backup_finish(copying);
    if (stepped != SQLITE_DONE || code != SQLITE_OK) {
        throw DatabaseError{stepped != SQLITE_DONE ? stepped : code, sqlite3_errstr(stepped)};
    }
}

Expected<void> sync_file(const std::string& path) {
    auto file = File::open_writable(path);
    if (!file) {
        return file.error();
    }
    return file->sync();
}

/// Makes the directory, which may be there as long as nothing is in it.
Expected<void> prepare(const std::string& to) {
    std::error_code error;
    if (std::filesystem::exists(to, error)) {
        if (!std::filesystem::is_directory(to, error) || !std::filesystem::is_empty(to, error)) {
            return refused(to + " is there and is not an empty directory");
        }
    } else if (!std::filesystem::create_directories(to, error)) {
        return system_failure("making the directory of a backup", error.value());
    }
    constexpr auto owner_only = std::filesystem::perms::owner_all;
    std::filesystem::permissions(to, owner_only, error);
    if (::mkdir((to + "/segments").c_str(), S_IRWXU) != 0) {
        return system_failure("making the directory of a backup", errno);
    }
    return {};
}

Expected<void> judge_source(const std::string& from) {
    auto file = File::open_readable(from + "/fanfetch.db");
    if (!file) {
        return refused(from + " holds no database");
    }
    std::string first_bytes;
    if (auto read = file->read_at(0, sqlite::header_size, first_bytes); !read) {
        return read;
    }
    if (auto ours = sqlite::judge_header(first_bytes); !ours) {
        return refused(ours.error().detail);
    }
    return {};
}

std::uint64_t bytes_in(const std::string& directory) {
    std::uint64_t bytes = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{directory, error}) {
        bytes += entry.is_regular_file(error) ? entry.file_size(error) : 0;
    }
    return bytes;
}

/// One try at the end of a backup: the database, and what its segments have grown to. Nothing when
/// a job of it was erased meanwhile, because its bodies may have been lost under our hands.
Expected<std::optional<SegmentEnds>> copy_rest(
    Connection& source, SegmentCopies& segments, const std::string& database
) {
    SegmentEnds ends;
    std::set<std::int64_t> copied;
    {
        const Snapshot snapshot{source};
        copy_database(source, database);
        ends = segment_ends(source);
        copied = living_jobs(source);
    }
    if (auto caught_up = segments.catch_up(ends); !caught_up) {
        return caught_up.error();
    }
    const Snapshot later{source};
    const auto living = living_jobs(source);
    if (!std::ranges::includes(living, copied)) {
        return std::optional<SegmentEnds>{};
    }
    return std::optional{std::move(ends)};
}

}  // namespace

std::string unfinished_backup(const std::string& database) {
    return database + ".unfinished";
}

Expected<BackupReport> backup_sqlite_store(const std::string& from, const std::string& to) try {
    if (auto judged = judge_source(from); !judged) {
        return judged.error();
    }
    if (auto prepared = prepare(to); !prepared) {
        return prepared.error();
    }
    const auto database = to + "/fanfetch.db";
    const auto unfinished = unfinished_backup(database);
    if (auto begun = File::create_new(unfinished); !begun) {
        return begun.error();  // from here on nobody takes the directory for a new one
    }
    Connection source{from + "/fanfetch.db", sqlite::access::read};
    constexpr int patience_ms = 10'000;
    sqlite3_busy_timeout(source.handle(), patience_ms);

    SegmentCopies segments{from, to};
    if (auto copied = segments.catch_up(segment_ends(source)); !copied) {
        return copied.error();
    }
    std::optional<SegmentEnds> ends;
    for (int round = 0; !ends; ++round) {
        if (round == most_rounds) {
            return failed(
                failure_code::store_unavailable, "backing up: jobs are being erased all the time"
            );
        }
        auto copied = copy_rest(source, segments, unfinished);
        if (!copied) {
            return copied.error();
        }
        ends = *std::move(copied);
    }
    if (auto settled = segments.settle(*ends); !settled) {
        return settled.error();
    }
    BackupReport report;
    {
        Connection copy{unfinished, sqlite::access::bare};
        report.jobs =
            static_cast<std::uint64_t>(copy.number("SELECT count(*) FROM jobs WHERE erased = 0"));
    }
    if (auto synced = sync_file(unfinished); !synced) {
        return synced.error();
    }
    if (std::rename(unfinished.c_str(), database.c_str()) != 0) {
        return system_failure("naming the database of a backup", errno);
    }
    if (auto synced = sync_directory(to); !synced) {
        return synced.error();
    }
    report.segments = ends->size();
    report.bytes = bytes_in(to);
    return report;
} catch (const DatabaseError& error) {
    return error.failure();
}

}  // namespace fanfetch
