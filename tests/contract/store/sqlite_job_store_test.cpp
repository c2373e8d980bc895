#include "store/sqlite/open.hpp"
#include "support/patience.hpp"
#include "support/store_samples.hpp"

#include <gtest/gtest.h>

#include <sqlite3.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

// What only a store with files can promise.

namespace fanfetch::testing {
namespace {

namespace fs = std::filesystem;

class SqliteJobStoreTest : public ::testing::Test {
protected:
    SqliteJobStoreTest() {
        options.data_dir = directory.path() / "data";
        options.segment_size = {16U << 10U};
        options.min_free = {};
    }

    std::unique_ptr<JobStore> open() {
        auto store = open_sqlite_store(options);
        EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().detail);
        return store ? std::move(*store) : nullptr;
    }
    /// Creates "job_1" with `items` items, of which the first `done` have succeeded.
    static void fill(JobStore& store, std::size_t items, std::uint64_t done) {
        ASSERT_TRUE(store.create_job(sample_job("job_1")).result().has_value());
        ASSERT_TRUE(store.append_items("job_1", sample_items(0, items)).result().has_value());
        ASSERT_TRUE(record(store, 0, done).has_value());
    }
    static Expected<std::vector<Commit>> record(
        JobStore& store, std::uint64_t first, std::uint64_t end
    ) {
        return begin_recording(store, first, end).take();
    }
    static Future<Expected<std::vector<Commit>>> begin_recording(
        JobStore& store, std::uint64_t first, std::uint64_t end
    ) {
        std::vector<ResultGroup> groups(1);
        groups[0].job_id = "job_1";
        for (auto index = first; index < end; ++index) {
            groups[0].results.push_back(sample_success(index));
        }
        return store.record(std::move(groups));
    }
    [[nodiscard]] fs::path database() const { return fs::path{options.data_dir} / "fanfetch.db"; }
    [[nodiscard]] fs::path segments() const { return fs::path{options.data_dir} / "segments"; }
    [[nodiscard]] std::size_t segment_count() const {
        const fs::directory_iterator files{segments()};
        return static_cast<std::size_t>(std::distance(begin(files), end(files)));
    }

    StoreDirectory directory;
    StoreOptions options;
};

std::string bytes_of(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void write_bytes(const fs::path& path, const std::string& bytes) {
    std::ofstream file{path, std::ios::binary};
    file << bytes;
}

/// Waits for something that another thread brings about.
[[nodiscard]] bool comes_true(const std::function<bool()>& condition) {
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > limit) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

TEST_F(SqliteJobStoreTest, EverythingIsThereAfterReopening) {
    {
        const auto store = open();
        fill(*store, 500, 200);
    }

    const auto store = open();

    EXPECT_EQ(store->find_job("job_1")->total, 500U);
    EXPECT_EQ(store->find_job("job_1")->tally.succeeded, 200U);
    EXPECT_EQ(store->unfinished_items("job_1", 0, 1000, 1U << 20U).size(), 300U);
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteJobStoreTest, Fair06WhatATenantHasStoredIsKnownAfterARestart) {
    std::uint64_t stored = 0;
    {
        const auto store = open();
        fill(*store, 500, 200);
        stored = store->stored_bytes("acme");
        ASSERT_GT(stored, 0U);
    }
    {
        const auto store = open();
        EXPECT_EQ(store->stored_bytes("acme"), stored);
        ASSERT_TRUE(record(*store, 200, 201).has_value());
        EXPECT_GT(store->stored_bytes("acme"), stored);
        ASSERT_TRUE(store->erase_job("job_1").result().has_value());
        EXPECT_EQ(store->stored_bytes("acme"), 0U);
    }
    EXPECT_EQ(open()->stored_bytes("acme"), 0U);
}

TEST_F(SqliteJobStoreTest, SeqIsNeverReusedOverARestart) {
    {
        const auto store = open();
        fill(*store, 10, 4);
    }

    const auto store = open();
    const auto commit = record(*store, 2, 10).value().at(0);

    EXPECT_EQ(commit.last_seq, 10U);
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteJobStoreTest, SegmentsAreFollowedByNewOnes) {
    const auto store = open();
    fill(*store, 200, 200);

    EXPECT_GT(segment_count(), 3U);
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteJobStoreTest, TheLastJobTakesItsSegmentsAlong) {
    {
        const auto store = open();
        fill(*store, 200, 200);
        ASSERT_TRUE(store->erase_job("job_1").result().has_value());

        EXPECT_TRUE(comes_true([&] { return segment_count() <= 1; }));
    }

    const auto store = open();
    EXPECT_EQ(segment_count(), 0U) << "the last one was still in use";
    EXPECT_FALSE(store->find_job("job_1"));
}

TEST_F(SqliteJobStoreTest, WhatWasExtractedGoesWithItsJob) {
    const auto store = open();
    fill(*store, 100, 0);
    std::vector<ResultGroup> groups(1);
    groups[0].job_id = "job_1";
    for (std::uint64_t index = 0; index < 100; ++index) {
        groups[0].results.push_back(sample_success(index));
        groups[0].results.back().extract = std::string(1000, 'x');
    }
    ASSERT_TRUE(store->record(std::move(groups)).take().has_value());
    EXPECT_GT(segment_count(), 5U);
    EXPECT_EQ(fault_of(*store, "job_1"), "");

    ASSERT_TRUE(store->erase_job("job_1").result().has_value());

    EXPECT_TRUE(comes_true([&] { return segment_count() <= 1; }));
}

TEST_F(SqliteJobStoreTest, WhatIsSharedGoesWithItsLastCopy) {
    auto store = open();
    ASSERT_TRUE(store->create_job(sample_job("job_1")).result().has_value());
    auto items = sample_items(0, 3000);
    for (auto& item : items) {
        item.digest = RequestDigest{static_cast<std::uint8_t>(item.index % 2)};
    }
    ASSERT_TRUE(store->append_items("job_1", items).result().has_value());
    ASSERT_TRUE(record(*store, 0, 2).has_value());
    std::vector<ResultGroup> groups(1);
    groups[0].job_id = "job_1";
    for (std::uint64_t index = 2; index < 3000; ++index) {
        auto& copy = groups[0].results.emplace_back();
        copy.result.index = index;
        copy.copy_of = index % 2;
    }
    ASSERT_TRUE(store->record(std::move(groups)).take().has_value());
    store.reset();

    store = open();
    const auto body = store->find_item("job_1", 2999)->result->body;
    EXPECT_EQ(store->read_payload(body, 0, 100).value(), sample_body(1));
    EXPECT_EQ(store->find_job("job_1")->tally.succeeded, 3000U);
    EXPECT_EQ(segment_count(), 1U);
    ASSERT_TRUE(store->erase_job("job_1").result().has_value());

    // How much of it was gone when the store was closed is chance; the segment in use goes at a
    // start.
    EXPECT_TRUE(comes_true([&] {
        store.reset();
        store = open();
        return segment_count() == 0;
    }));
}

TEST_F(SqliteJobStoreTest, AnErasureThatWasCutOffGoesOnAtTheNextStart) {
    {
        const auto store = open();
        fill(*store, 9000, 2000);
        ASSERT_TRUE(store->erase_job("job_1").result().has_value());
    }

    const auto store = open();

    EXPECT_TRUE(comes_true([&] { return segment_count() <= 1; }));
    ASSERT_TRUE(store->create_job(sample_job("job_1")).result().has_value()) << "the id is free";
    EXPECT_TRUE(store->results_by_seq({.job_id = "job_1"}).empty());
}

TEST_F(SqliteJobStoreTest, ATornSegmentTailIsCutOff) {
    {
        const auto store = open();
        fill(*store, 20, 5);
    }
    const auto segment = segments() / "00000001.warc";
    const auto whole = fs::file_size(segment);
    std::ofstream{segment, std::ios::app | std::ios::binary} << "WARC/1.1\r\nWARC-Type: resp";

    const auto store = open();

    EXPECT_EQ(fs::file_size(segment), whole);
    ASSERT_TRUE(record(*store, 5, 10).has_value());
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteJobStoreTest, ASegmentThatLostItsEndIsNotGuessedAt) {
    {
        const auto store = open();
        fill(*store, 20, 5);
    }
    const auto segment = segments() / "00000001.warc";
    fs::resize_file(segment, fs::file_size(segment) - 40);

    const auto store = open();
    const auto body = store->find_item("job_1", 4)->result->body;

    EXPECT_EQ(store->read_payload(body, 0, 100).error().code, failure_code::internal);
    EXPECT_TRUE(store->read_payload(store->find_item("job_1", 3)->result->body, 0, 100));
    ASSERT_TRUE(record(*store, 5, 10).has_value());
    EXPECT_NE(store->find_item("job_1", 5)->result->body.segment, body.segment);
}

TEST_F(SqliteJobStoreTest, FilesNobodyRefersToAreRemovedAtTheStart) {
    {
        const auto store = open();
        fill(*store, 20, 5);
    }
    write_bytes(segments() / "00000077.warc", "left by a crash");
    write_bytes(segments() / "notes.txt", "somebody's");

    const auto store = open();

    EXPECT_FALSE(fs::exists(segments() / "00000077.warc"));
    EXPECT_TRUE(fs::exists(segments() / "notes.txt")) << "not a name of ours";
    ASSERT_TRUE(record(*store, 5, 20).has_value());
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteJobStoreTest, ALongBodyLetGoLeavesNothingBehind) {
    const auto store = open();
    {
        const auto body = store->begin_long_body().value();
        ASSERT_TRUE(body->append("never finished").has_value());
        EXPECT_EQ(segment_count(), 1U);
    }
    EXPECT_EQ(segment_count(), 0U);
}

TEST_F(SqliteJobStoreTest, ALongBodyThatCameTooLateLeavesNothingBehind) {
    const auto store = open();
    fill(*store, 3, 3);
    const auto before = segment_count();
    auto late = sample_success(1);
    const auto body = store->begin_long_body().value();
    ASSERT_TRUE(body->append("too late").has_value());
    late.result.body = body->finish(*late.response, Sha256{}).value();
    late.response.reset();

    std::vector<ResultGroup> groups(1);
    groups[0].job_id = "job_1";
    groups[0].results.push_back(std::move(late));
    ASSERT_TRUE(store->record(std::move(groups)).result().has_value());

    EXPECT_EQ(segment_count(), before);
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteJobStoreTest, Crs17ASecondProcessIsRefusedAtOnce) {
    const auto store = open();

    const auto started = std::chrono::steady_clock::now();
    const auto second = open_sqlite_store(options);

    ASSERT_TRUE(second.has_error());
    EXPECT_NE(second.error().detail.find(std::to_string(::getpid())), std::string::npos);
    EXPECT_LT(std::chrono::steady_clock::now() - started, patience);
}

// Every step of a group fails in turn, with a full disk and with a broken one.
class SqliteFaults : public SqliteJobStoreTest, public ::testing::WithParamInterface<int> {};

TEST_P(SqliteFaults, Crs05ResultsWaitUntilTheyCanBeWritten) {
    for (const auto step :
         {store_step::segment_create, store_step::segment_write, store_step::segment_sync,
          store_step::directory_sync, store_step::begin, store_step::rows, store_step::commit}) {
        SCOPED_TRACE(static_cast<int>(step));
        fs::remove_all(options.data_dir);
        std::atomic<bool> broken{false};
        options.seams.before = [&](store_step now) {
            return broken && now == step ? GetParam() : 0;
        };
        const auto store = open();
        fill(*store, 200, 3);

        broken = true;
        std::vector<Future<Expected<std::vector<Commit>>>> recorded;
        for (std::uint64_t i = 3; i < 120 && store->writable(); ++i) {  // until a segment is full
            recorded.push_back(begin_recording(*store, i, i + 1));
            ASSERT_TRUE(comes_true([&] { return recorded.back().done() || !store->writable(); }));
        }
        const auto during = store->find_job("job_1").value();
        const auto sick = store->writable();
        const auto refused = store->append_items("job_1", sample_items(200, 1)).take();
        const bool waited = !recorded.back().done();
        broken = false;

        EXPECT_TRUE(waited);
        ASSERT_TRUE(sick.has_error());
        EXPECT_EQ(
            sick.error().code,
            GetParam() == ENOSPC ? failure_code::disk_low : failure_code::store_unavailable
        );
        if (step != store_step::segment_write) {  // nothing of an append goes there
            EXPECT_TRUE(refused.has_error());
        }
        EXPECT_EQ(during.last_seq, 3 + recorded.size() - 1);
        ASSERT_TRUE(record(*store, 0, 200).has_value());
        EXPECT_TRUE(store->writable().has_value());
        for (const auto& each : recorded) {
            EXPECT_TRUE(each.result(patience).has_value());
        }
        EXPECT_EQ(store->find_job("job_1")->last_seq, 200U);
        EXPECT_EQ(fault_of(*store, "job_1"), "");
    }
}

INSTANTIATE_TEST_SUITE_P(Errors, SqliteFaults, ::testing::Values(ENOSPC, EIO));

TEST_F(SqliteJobStoreTest, Crs05RecoversByItselfWhenThereIsRoomAgain) {
    std::atomic<bool> full{false};
    options.seams.before = [&](store_step step) {
        return full && step == store_step::commit ? ENOSPC : 0;
    };
    const auto store = open();
    fill(*store, 10, 1);

    full = true;
    const auto results = begin_recording(*store, 1, 2);
    JobChange ends;
    ends.state = job_state::cancelled;
    ends.sealed = true;
    const auto end = store->cancel_rest("job_1", failure_code::cancelled_by_user, ends);
    JobChange asked;
    asked.sealed = true;
    EXPECT_EQ(store->change_job("job_1", asked).take().error().code, failure_code::disk_low);
    EXPECT_EQ(store->writable().error().code, failure_code::disk_low);
    EXPECT_FALSE(results.done());
    EXPECT_FALSE(end.done());
    full = false;

    EXPECT_TRUE(comes_true([&] { return store->writable().has_value(); })) << "without a write";
    EXPECT_TRUE(results.result(patience).has_value());
    EXPECT_TRUE(end.result(patience).has_value());
    EXPECT_EQ(store->find_job("job_1")->state, job_state::cancelled);
    EXPECT_EQ(store->find_job("job_1")->tally.terminal(), 10U);
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteJobStoreTest, Crs05WhatCannotBeWrittenUntilTheEndFails) {
    std::atomic<bool> full{false};
    options.seams.before = [&](store_step step) {
        return full && step == store_step::commit ? ENOSPC : 0;
    };
    auto store = open();
    fill(*store, 10, 1);

    full = true;
    const auto results = begin_recording(*store, 1, 2);
    ASSERT_TRUE(comes_true([&] { return !store->writable(); }));
    EXPECT_FALSE(results.done());
    store.reset();

    EXPECT_EQ(results.result(patience).error().code, failure_code::disk_low);
    full = false;
    store = open();
    EXPECT_EQ(store->find_job("job_1")->last_seq, 1U);
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteJobStoreTest, NewWorkIsRefusedForAWhileAfterALongBodyFoundNoRoom) {
    std::atomic<bool> full{false};
    options.seams.before = [&](store_step step) {
        return full && step == store_step::segment_write ? ENOSPC : 0;
    };
    const auto store = open();
    fill(*store, 10, 1);

    full = true;
    {
        const auto body = store->begin_long_body().value();
        EXPECT_EQ(body->append("too long").error().code, failure_code::disk_low);
    }
    full = false;

    EXPECT_EQ(store->writable().error().code, failure_code::disk_low);
    EXPECT_EQ(store->create_job(sample_job("job_2")).take().error().code, failure_code::disk_low);
    EXPECT_TRUE(record(*store, 1, 5).has_value()) << "what was accepted may end";
    EXPECT_TRUE(comes_true([&] { return store->writable().has_value(); }));
    EXPECT_TRUE(store->create_job(sample_job("job_2")).result().has_value());
}

TEST_F(SqliteJobStoreTest, NewWorkIsRefusedWhileTheDiskIsLow) {
    std::atomic<std::uint64_t> left{100U << 20U};
    options.min_free = {50U << 20U};
    options.seams.free_bytes = [&] { return std::optional{left.load()}; };
    const auto store = open();
    fill(*store, 10, 1);

    left = 10U << 20U;
    const auto submit = store->create_job(sample_job("job_2")).take();
    const auto append = store->append_items("job_1", sample_items(10, 1)).take();
    const auto finish = record(*store, 1, 5);

    EXPECT_EQ(submit.error().code, failure_code::disk_low);
    EXPECT_EQ(append.error().code, failure_code::disk_low);
    EXPECT_TRUE(finish.has_value()) << "what was accepted may end";
    EXPECT_EQ(store->writable().error().code, failure_code::disk_low);
    left = 100U << 20U;
    EXPECT_TRUE(store->writable().has_value());
    EXPECT_TRUE(store->create_job(sample_job("job_2")).result().has_value());
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteJobStoreTest, Crs06AForeignLockDelaysAndRefusesButBreaksNothing) {
    const auto store = open();
    fill(*store, 10, 1);
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(database().c_str(), &other), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);

    const auto delayed = begin_recording(*store, 1, 2);
    const auto refused = store->append_items("job_1", sample_items(10, 1)).take();
    const auto read = store->find_job("job_1");
    sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_close(other);

    EXPECT_EQ(refused.error().code, failure_code::store_unavailable);
    EXPECT_TRUE(read.has_value());
    EXPECT_TRUE(record(*store, 1, 10).has_value());
    EXPECT_TRUE(delayed.result(patience).has_value());
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

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

TEST_F(SqliteJobStoreTest, Crs16AnOlderDatabaseIsMigratedAndKeepsWhatItHas) {
    fill(*open(), 3, 2);
    {
        sqlite3* older = nullptr;
        ASSERT_EQ(sqlite3_open(database().c_str(), &older), SQLITE_OK);
        EXPECT_EQ(
            sqlite3_exec(
                older,
                "DROP TABLE hosts; DROP TABLE requests; DROP TABLE keys;"
                " DROP TABLE callbacks; DROP TABLE deliveries; DROP TABLE copies;"
                " ALTER TABLE jobs DROP COLUMN open; ALTER TABLE jobs DROP COLUMN run;"
                " ALTER TABLE jobs DROP COLUMN rerun; ALTER TABLE jobs DROP COLUMN stored;"
                " PRAGMA user_version = 1",
                nullptr, nullptr, nullptr
            ),
            SQLITE_OK
        );
        sqlite3_close(older);
    }

    const auto store = open();
    ASSERT_TRUE(store);
    EXPECT_EQ(store->find_job("job_1")->tally.succeeded, 2U);
    HostRecord host;
    host.key = "a.test:80";
    host.paused = true;
    EXPECT_TRUE(store->save_hosts({host}).result().has_value());
    EXPECT_EQ(store->hosts(), (std::vector{host}));
    EXPECT_TRUE(store->callbacks("job_1").empty());
    EXPECT_TRUE(store->deliveries({.tenant = "acme"}).empty());
    EXPECT_EQ(store->find_job("job_1")->run, 1U);
    EXPECT_EQ(store->stored_bytes("acme"), 0U) << "what was stored before is not counted";
    EXPECT_TRUE(store->save_key({"acme", "k", {}, "job_1", {}, sample_time}).result().has_value());
    EXPECT_FALSE(store->find_copies("acme", {{}}, sample_time).at(0));
}

/// What a rerun leaves behind that was cut off between two of its steps.
TEST_F(SqliteJobStoreTest, ARerunThatWasInterruptedGoesOn) {
    {
        const auto store = open();
        fill(*store, 6, 6);
        JobChange end;
        end.state = job_state::completed;
        end.sealed = true;
        ASSERT_TRUE(store->change_job("job_1", end).result().has_value());
        RerunSelection half;
        half.indexes = {0, 1, 2};
        JobChange again;
        again.state = job_state::running;
        ASSERT_EQ(store->rerun("job_1", half, again).take().value(), 3U);
    }
    {
        sqlite3* cut = nullptr;
        ASSERT_EQ(sqlite3_open(database().c_str(), &cut), SQLITE_OK);
        const auto change = "UPDATE jobs SET rerun = '" + to_json(RerunSelection{}) + "'";
        EXPECT_EQ(sqlite3_exec(cut, change.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(cut);
    }
    const auto store = open();
    ASSERT_TRUE(store->find_job("job_1")->rerunning);

    const auto left = store->rerun("job_1", std::nullopt, {}).take();

    EXPECT_EQ(left.value(), 6U);
    const auto job = store->find_job("job_1");
    EXPECT_FALSE(job->rerunning);
    EXPECT_EQ(job->run, 2U);
    EXPECT_EQ(job->tally.terminal(), 0U);
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

}  // namespace
}  // namespace fanfetch::testing
