#include "store/sqlite/open_database.hpp"

#include "base/time.hpp"
#include "base/uuid.hpp"
#include "store/file.hpp"
#include "store/sqlite/backup.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/structure_check.hpp"

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <optional>

#include <sys/stat.h>
#include <unistd.h>

namespace fanfetch::sqlite {
namespace {

/// What a start may take for it.
constexpr std::chrono::milliseconds longest_structure_check{1500};

Failure refused(const std::string& reason) {
    return failed(failure_code::store_unavailable, "opening the database: " + reason);
}

enum class found : std::uint8_t { nothing, regular, other };

found look_at(const std::string& path) noexcept {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        return found::nothing;
    }
    return S_ISREG(info.st_mode) ? found::regular : found::other;
}

bool is_empty_directory(const std::string& path) {
    std::error_code error;
    return std::filesystem::is_empty(path, error) || error;
}

/// Makes the database under another name and then moves it into place: either there is a whole
/// one after a crash, or none.
Expected<void> create_database(const DataDirectory& directory) {
    if (look_at(unfinished_backup(directory.database())) != found::nothing) {
        return refused("the directory holds a backup that was not finished");
    }
    if (look_at(directory.database() + "-wal") != found::nothing ||
        !is_empty_directory(directory.segments())) {
        return refused("it is missing, though the directory holds a WAL or segments of one");
    }
    const auto draft = directory.database() + ".new";
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        ::unlink((draft + suffix).c_str());  // left by a crash in here
    }
    {
        Connection connection{draft, access::create};
        create_schema(connection, make_uuid7());
        connection.execute("PRAGMA journal_mode = WAL");
    }
    auto file = File::open_writable(draft);
    if (!file) {
        return file.error();
    }
    if (auto synced = file->sync(); !synced) {
        return synced;
    }
    if (::rename(draft.c_str(), directory.database().c_str()) != 0) {
        return system_failure("making the database", errno);
    }
    return sync_directory(directory.path());
}

Expected<void> judge_files(const std::string& path) {
    if (look_at(path) != found::regular || look_at(path + "-wal") == found::other ||
        look_at(path + "-shm") == found::other) {
        return refused("it is not a regular file");
    }
    struct stat info {};
    ::stat(path.c_str(), &info);
    if (!trusted_owner(info.st_uid)) {
        return refused("it belongs to another user");
    }
    constexpr mode_t any_write = S_IWUSR | S_IWGRP | S_IWOTH;
    if ((info.st_mode & any_write) == 0 || ::access(path.c_str(), R_OK | W_OK) != 0) {
        return refused("it is read-only");
    }
    auto file = File::open_readable(path);
    if (!file) {
        return file.error();
    }
    const auto size = file->size();
    if (!size) {
        return size.error();
    }
    // SQLite would read zeros for the rest of a page. Only a log could still make it good.
    std::error_code no_log;
    const auto log = std::filesystem::file_size(path + "-wal", no_log);
    if (*size % page_size != 0 && (no_log || log == 0)) {
        return refused("it is cut short");
    }
    std::string first_bytes;
    if (auto read = file->read_at(0, header_size, first_bytes); !read) {
        return read;
    }
    return judge_header(first_bytes);
}

/// Whose a database is and how old.
struct Identity {
    std::string id;
    std::int64_t commits = 0;
};

Identity identity_of(Connection& connection) {
    Statement statement{connection, "SELECT identity, commits FROM meta WHERE id = 1"};
    if (!statement.step()) {
        throw DatabaseError{SQLITE_CORRUPT, "its identity is missing"};
    }
    return {std::string{statement.text(0)}, statement.number(1)};
}

/// The identity in the main file, without the WAL. None while a checkpoint was cut off in the
/// middle of a page, which the WAL then makes good.
std::optional<Identity> bare_identity(const std::string& path) {
    try {
        Connection bare{path, access::bare};
        return identity_of(bare);
    } catch (const DatabaseError&) {
        return std::nullopt;
    }
}

void never_checkpoint_on_close(Connection& connection, int on) {
    sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on, nullptr);
}

void settle_in(Connection& connection, durability how) {
    constexpr int busy_ms = 1000;
    sqlite3_busy_timeout(connection.handle(), busy_ms);
    connection.execute(
        how == durability::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"
    );
    connection.execute("PRAGMA secure_delete = OFF");
    connection.execute("PRAGMA cache_size = -32768");
    // We checkpoint ourselves, after the acknowledgements of a group.
    connection.execute("PRAGMA wal_autocheckpoint = 0");
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

Expected<std::unique_ptr<Connection>> open_existing(const std::string& path, durability how) try {
    const auto alone = bare_identity(path);
    auto connection = std::make_unique<Connection>(path, access::write);
    never_checkpoint_on_close(*connection, 1);
    if (connection->text("PRAGMA journal_mode") != "wal") {
        return refused("it is not in WAL mode");
    }
    const auto whole = identity_of(*connection);
    if (alone && (alone->id != whole.id || alone->commits > whole.commits)) {
        return refused("the WAL beside it belongs to another database or to an older copy");
    }
    check_structure(*connection, longest_structure_check);
    never_checkpoint_on_close(*connection, 0);
    settle_in(*connection, how);
    migrate_schema(*connection);
    return connection;
} catch (const DatabaseError& error) {
    return refused(std::string{"it is damaged or cannot be read: "} + error.what());
}

}  // namespace

Expected<std::unique_ptr<Connection>> open_database(
    const DataDirectory& directory, durability how
) try {
    if (look_at(directory.database()) == found::nothing) {
        if (auto created = create_database(directory); !created) {
            return created.error();
        }
    }
    if (auto judged = judge_files(directory.database()); !judged) {
        return judged.error();
    }
    return open_existing(directory.database(), how);
} catch (const DatabaseError& error) {
    return error.failure();
}

}  // namespace fanfetch::sqlite
