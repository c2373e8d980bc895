#pragma once

#include "base/expected.hpp"

#include <cstdint>
#include <string>

namespace fanfetch {

/// What a backup came to.
struct BackupReport {
    std::uint64_t jobs = 0;
    std::uint64_t segments = 0;
    std::uint64_t bytes = 0;  ///< of the database and the segments, as they lie there
};

/// Copies the data directory `from` into `to`, whether a service works on it or not.
///
/// The copy is a data directory: a store opened on it has every result that was visible when the
/// backup began, unless its job was erased in the meantime, and whatever became visible before the
/// end. Segments are copied first, then the database from one snapshot, then what was appended to
/// the segments in between; should a job of the snapshot have been erased by then, the last two
/// steps are repeated. Everything is synced, and the database gets its name last: what is cut off
/// does not open as a store. Meanwhile the log of the database cannot be started afresh, for as
/// long as the copying of the database takes.
///
/// Errors   api_invalid: `to` is not an empty directory, or `from` holds no database of ours;
///          disk_low; store_unavailable. What was copied until then is left for whoever looks
/// Threads  any thread; blocks on the disk
/// Source   https://www.sqlite.org/backup.html
[[nodiscard]] Expected<BackupReport> backup_sqlite_store(
    const std::string& from, const std::string& to
);

/// The name of a database that is not complete yet, beside where it will be.
[[nodiscard]] std::string unfinished_backup(const std::string& database);

}  // namespace fanfetch
