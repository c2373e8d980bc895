#include "sqlite_job_store_fixture.hpp"

#include <sqlite3.h>

#include <chrono>
#include <string>

#include <unistd.h>

// What only a store with files can promise.

namespace fanfetch::testing {
namespace {

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

TEST_F(SqliteJobStoreTest, Crs16AnOlderDatabaseIsMigratedAndKeepsWhatItHas) {
    fill(*open(), 3, 2);
    {
        sqlite3* older = nullptr;
        ASSERT_EQ(sqlite3_open(database().c_str(), &older), SQLITE_OK);
        EXPECT_EQ(
            sqlite3_exec(
                older,
                "DROP TABLE hosts; DROP TABLE requests; DROP TABLE keys;"
                " DROP TABLE callbacks; DROP TABLE deliveries; DROP TABLE copies; DROP TABLE "
                "holdings;"
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
