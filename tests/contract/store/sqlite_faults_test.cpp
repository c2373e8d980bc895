#include "sqlite_job_store_fixture.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>

// What a store with files does when a disk is full, broken or locked.

namespace fanfetch::testing {
namespace {

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
        EXPECT_EQ(body->append(std::string(1 << 20, 'x')).error().code, failure_code::disk_low);
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

}  // namespace
}  // namespace fanfetch::testing
