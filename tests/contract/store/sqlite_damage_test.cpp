#include "sqlite_job_store_fixture.hpp"
#include "store/store_error.hpp"

#include <sqlite3.h>

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

// What a store with files does with files that are not as it left them.

namespace fanfetch::testing {
namespace {

struct Damage {
    std::string name;
    std::function<void(const fs::path& database)> inflict;
};

void overwrite(const fs::path& path, std::uint64_t offset, const std::string& bytes) {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(offset));
    file << bytes;
}

std::vector<Damage> damages() {
    const auto page = [](std::uint64_t number) { return (number - 1) * 4096; };
    return {
        {"ZeroLength", [](const fs::path& db) { fs::resize_file(db, 0); }},
        {"HalfAHeader", [](const fs::path& db) { fs::resize_file(db, 50); }},
        {"CutInTheMiddle", [](const fs::path& db) { fs::resize_file(db, fs::file_size(db) / 2); }},
        {"CutByAFewBytes", [](const fs::path& db) { fs::resize_file(db, fs::file_size(db) - 9); }},
        {"Magic", [](const fs::path& db) { overwrite(db, 0, "Something else"); }},
        {"HeaderZeroed", [](const fs::path& db) { overwrite(db, 0, std::string(100, '\0')); }},
        {"OtherApplication", [](const fs::path& db) { overwrite(db, 68, "ABCD"); }},
        {"NewerSchema",
         [](const fs::path& db) { overwrite(db, 60, std::string("\0\0\0\x63", 4)); }},
        {"SchemaPage", [](const fs::path& db) { overwrite(db, 100, std::string(3000, '\x5A')); }},
        {"RootOfMeta", [=](const fs::path& db) { overwrite(db, page(2), std::string(4096, '!')); }},
        {"RootOfJobs", [=](const fs::path& db) { overwrite(db, page(3), std::string(4096, '!')); }},
        {"LastPage", [](const fs::path& db
                     ) { overwrite(db, fs::file_size(db) - 4096, std::string(200, '!')); }},
        {"Text",
         [](const fs::path& db) { write_bytes(db, "dear diary\n" + std::string(9000, 'x')); }},
        {"ReadOnly", [](const fs::path& db) { ::chmod(db.c_str(), 0444); }},
        {"Missing", [](const fs::path& db) { fs::rename(db, db.string() + ".away"); }},
        {"Directory",
         [](const fs::path& db) {
             fs::remove(db);
             fs::create_directory(db);
         }},
        {"Link",
         [](const fs::path& db) {
             fs::rename(db, db.string() + ".real");
             fs::create_symlink(db.string() + ".real", db);
         }},
        {"Fifo",
         [](const fs::path& db) {
             fs::remove(db);
             ASSERT_EQ(::mkfifo(db.c_str(), 0600), 0);
         }},
    };
}

class SqliteDamage : public SqliteJobStoreTest, public ::testing::WithParamInterface<Damage> {};

TEST_P(SqliteDamage, Crs07IsRefusedWithOneLineAndLeftAlone) {
    {
        const auto store = open();
        fill(*store, 3000, 1000);
    }
    GetParam().inflict(database());
    const bool regular = fs::is_regular_file(database());
    const auto before = regular ? bytes_of(database()) : std::string{};

    const auto store = open_sqlite_store(options);

    ASSERT_TRUE(store.has_error());
    EXPECT_EQ(store.error().detail.find('\n'), std::string::npos) << store.error().detail;
    EXPECT_FALSE(store.error().detail.empty());
    EXPECT_EQ(fs::is_regular_file(database()), regular) << "no database in its place";
    if (regular) {
        EXPECT_EQ(bytes_of(database()), before);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Variants, SqliteDamage, ::testing::ValuesIn(damages()),
    [](const auto& test) { return test.param.name; }
);

class SqliteItems : public SqliteJobStoreTest {
protected:
    /// Has something done to the database that no store of ours would do.
    void tamper(const std::string& statement) const {
        sqlite3* handle = nullptr;
        ASSERT_EQ(sqlite3_open(database().c_str(), &handle), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(handle, statement.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(handle);
    }
};

TEST_F(SqliteItems, Crs07ADamagedBlockHidesOnlyItself) {
    fill(*open(), 300, 10);
    tamper("UPDATE items SET block = x'00' WHERE pos = (SELECT max(pos) FROM items)");

    const auto store = open();
    const auto before = store->unfinished_items("job_1", 0, 300, 1U << 20U);

    ASSERT_FALSE(before.empty());
    EXPECT_EQ(before.front().index, 10U);
    EXPECT_EQ(before.back().index, 9U + before.size()) << "without a gap";
    EXPECT_LT(before.size(), 290U);
    try {
        (void)store->unfinished_items("job_1", before.back().index + 1, 300, 1U << 20U);
        ADD_FAILURE() << "damage was read";
    } catch (const StoreError& error) {
        EXPECT_TRUE(error.damaged()) << error.what();
    }
}

/// Copies a store's files while it runs: what a kill at this moment would leave.
void copy_files(const fs::path& from, const fs::path& to) {
    fs::create_directories(to);
    fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
}

class SqliteLog : public SqliteJobStoreTest {
protected:
    /// A directory whose last rows stand in the log only.
    fs::path left_behind(const std::string& name) {
        options.data_dir = directory.path() / (name + "_running");
        const auto store = open();
        fill(*store, 300, 100);
        const auto copy = directory.path() / name;
        copy_files(options.data_dir, copy);
        options.data_dir = copy;
        return copy / "fanfetch.db-wal";
    }
};

TEST_F(SqliteLog, Crs08IsReplayed) {
    const auto log = left_behind("one");
    ASSERT_GT(fs::file_size(log), 0U);

    const auto store = open();

    EXPECT_EQ(store->find_job("job_1")->last_seq, 100U);
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteLog, Crs08ATornLastFrameEndsAtTheCommitBefore) {
    const auto log = left_behind("one");
    fs::resize_file(log, fs::file_size(log) - 1000);

    const auto store = open();

    const auto job = store->find_job("job_1");
    ASSERT_TRUE(job.has_value());
    EXPECT_LT(job->last_seq, 100U);
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteLog, Crs08DamagedOrMissingIndexIsMadeAnew) {
    const auto log = left_behind("one");
    write_bytes(log.string().substr(0, log.string().size() - 3) + "shm", std::string(32768, '!'));

    const auto store = open();

    EXPECT_EQ(store->find_job("job_1")->last_seq, 100U);
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteLog, Crs08AMissingLogGivesAnEarlierStateOrNothing) {
    const auto log = left_behind("one");
    fs::remove(log);

    const auto store = open();

    if (store->find_job("job_1")) {
        EXPECT_EQ(fault_of(*store, "job_1"), "");
    }
}

TEST_F(SqliteLog, Crs08TheLogOfAnotherDatabaseIsRefused) {
    const auto foreign = left_behind("one");
    const auto log = left_behind("two");
    fs::copy_file(foreign, log, fs::copy_options::overwrite_existing);
    const auto before = bytes_of(database());

    const auto store = open_sqlite_store(options);

    ASSERT_TRUE(store.has_error());
    EXPECT_EQ(bytes_of(database()), before);
    EXPECT_EQ(bytes_of(log), bytes_of(foreign));
}

}  // namespace
}  // namespace fanfetch::testing
