#include "sqlite_job_store_fixture.hpp"
#include "store/segment_files.hpp"
#include "store/sqlite/backup.hpp"
#include "store/stored_segment.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

// What becomes of segments in which jobs that live on stand beside jobs that were erased.

namespace fanfetch::testing {
namespace {

class SqliteCompactionTest : public SqliteJobStoreTest {
protected:
    SqliteCompactionTest() {
        options.compaction.delay = {};
        options.compaction.least = {};
    }

    /// "job_1" and "job_2" take turns; one in four bodies is job_1's.
    static void fill_both(JobStore& store, std::uint64_t rounds) {
        ASSERT_TRUE(store.create_job(sample_job("job_1")).result().has_value());
        ASSERT_TRUE(store.create_job(sample_job("job_2")).result().has_value());
        ASSERT_TRUE(store.append_items("job_1", sample_items(0, rounds)).result().has_value());
        ASSERT_TRUE(store.append_items("job_2", sample_items(0, 3 * rounds)).result().has_value());
        for (std::uint64_t round = 0; round < rounds; ++round) {
            std::vector<ResultGroup> groups(2);
            groups[0].job_id = "job_1";
            groups[0].results.push_back(sample_success(round));
            groups[1].job_id = "job_2";
            for (std::uint64_t i = 0; i < 3; ++i) {
                groups[1].results.push_back(sample_success(3 * round + i));
            }
            ASSERT_TRUE(store.record(std::move(groups)).take().has_value());
        }
    }
    [[nodiscard]] SegmentFiles files() const {
        return SegmentFiles{segments().string(), durability::full, {}};
    }
    /// Segments that are compacted, of all there are.
    [[nodiscard]] std::size_t compacted() const {
        const auto all = files();
        std::size_t count = 0;
        for (const auto number : all.list().value()) {
            const auto segment = StoredSegment::open_readable(all, number);
            count += segment && segment->compacted() ? 1U : 0U;
        }
        return count;
    }
    [[nodiscard]] std::uint64_t bytes() const {
        std::uint64_t sum = 0;
        for (const auto& entry : fs::directory_iterator{segments()}) {
            sum += entry.file_size();
        }
        return sum;
    }
    /// Everything but the segment that is appended to.
    [[nodiscard]] bool all_compacted() const { return compacted() + 1 >= segment_count(); }
};

TEST_F(SqliteCompactionTest, WhatAnErasedJobLeftIsGivenBack) {
    const auto store = open();
    fill_both(*store, 100);
    const auto before = bytes();
    ASSERT_GT(segment_count(), 5U);

    ASSERT_TRUE(store->erase_job("job_2").result().has_value());

    ASSERT_TRUE(comes_true([&] { return all_compacted(); }));
    EXPECT_LT(bytes(), before / 2);
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteCompactionTest, WhatIsGivenBackIsCounted) {
    MetricRegistry registry{1};
    const auto metrics = StoreMetrics::make(registry);
    options.metrics = &metrics;
    const auto store = open();
    fill_both(*store, 100);
    const auto before = bytes();

    ASSERT_TRUE(store->erase_job("job_2").result().has_value());

    ASSERT_TRUE(comes_true([&] {
        return all_compacted() && metrics.compactions.elsewhere().value() == compacted();
    }));
    EXPECT_GT(metrics.compacted_bytes.elsewhere().value(), 0U);
    EXPECT_LE(metrics.compacted_bytes.elsewhere().value(), before);
    std::string text;
    registry.write(text);
    EXPECT_EQ(text.find("fanfetch_store_commit_duration_seconds_count 0\n"), std::string::npos);
}

TEST_F(SqliteCompactionTest, ItIsAllThereAfterAReopening) {
    {
        const auto store = open();
        fill_both(*store, 100);
        ASSERT_TRUE(store->erase_job("job_2").result().has_value());
        ASSERT_TRUE(comes_true([&] { return all_compacted(); }));
    }
    write_bytes(segments() / "00000002.warc.new", "left by a crash");
    const auto sizes = bytes();

    const auto store = open();

    EXPECT_LT(bytes(), sizes) << "what the crash left";
    EXPECT_GT(compacted(), 5U) << "nothing was cut";
    EXPECT_EQ(fault_of(*store, "job_1"), "");
    ASSERT_TRUE(store->append_items("job_1", sample_items(100, 50)).result().has_value());
    ASSERT_TRUE(record(*store, 100, 150).has_value());
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteCompactionTest, ACompactedSegmentGoesWithItsLastJob) {
    auto store = open();
    fill_both(*store, 100);
    ASSERT_TRUE(store->erase_job("job_2").result().has_value());
    ASSERT_TRUE(comes_true([&] { return all_compacted(); }));

    ASSERT_TRUE(store->erase_job("job_1").result().has_value());

    EXPECT_TRUE(comes_true([&] { return segment_count() <= 1; }));
    store.reset();
    store = open();
    EXPECT_EQ(segment_count(), 0U);
}

TEST_F(SqliteCompactionTest, WhatIsMoreThanHalfAliveStaysAsItIs) {
    auto store = open();
    fill_both(*store, 100);

    ASSERT_TRUE(store->erase_job("job_1").result().has_value());  // a quarter

    // The next erasure is looked at after this one.
    ASSERT_TRUE(store->create_job(sample_job("job_3")).result().has_value());
    ASSERT_TRUE(store->erase_job("job_3").result().has_value());
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    EXPECT_EQ(compacted(), 0U);
    EXPECT_EQ(fault_of(*store, "job_2"), "");
}

TEST_F(SqliteCompactionTest, WhatSeveralItemsShareIsAliveOnce) {
    const auto store = open();
    ASSERT_TRUE(store->create_job(sample_job("job_1")).result().has_value());
    auto items = sample_items(0, 300);
    for (auto& item : items) {
        item.digest = RequestDigest{static_cast<std::uint8_t>(item.index % 100)};
    }
    ASSERT_TRUE(store->append_items("job_1", items).result().has_value());
    ASSERT_TRUE(store->create_job(sample_job("job_2")).result().has_value());
    ASSERT_TRUE(store->append_items("job_2", sample_items(0, 400)).result().has_value());
    for (std::uint64_t i = 0; i < 100; ++i) {
        std::vector<ResultGroup> groups(2);
        groups[0].job_id = "job_1";
        groups[0].results.push_back(sample_success(i));
        groups[1].job_id = "job_2";
        for (std::uint64_t other = 0; other < 4; ++other) {
            groups[1].results.push_back(sample_success(4 * i + other));
        }
        ASSERT_TRUE(store->record(std::move(groups)).take().has_value());
    }
    std::vector<ResultGroup> copies(1);
    copies[0].job_id = "job_1";
    for (std::uint64_t index = 100; index < 300; ++index) {
        auto& copy = copies[0].results.emplace_back();
        copy.result.index = index;
        copy.copy_of = index % 100;
    }
    ASSERT_TRUE(store->record(std::move(copies)).take().has_value());

    ASSERT_TRUE(store->erase_job("job_2").result().has_value());

    ASSERT_TRUE(comes_true([&] { return all_compacted(); }));
    for (const auto& result : all_results(*store, "job_1")) {
        EXPECT_EQ(
            store->read_payload(result.body, 0, 100).value(), sample_body(result.index % 100)
        );
    }
}

TEST_F(SqliteCompactionTest, SegmentsFromBeforeItsTimeAreLeftAlone) {
    {
        const auto store = open();
        fill_both(*store, 100);
    }
    {
        sqlite3* older = nullptr;
        ASSERT_EQ(sqlite3_open(database().c_str(), &older), SQLITE_OK);
        EXPECT_EQ(
            sqlite3_exec(
                older, "DROP TABLE holdings; PRAGMA user_version = 7", nullptr, nullptr, nullptr
            ),
            SQLITE_OK
        );
        sqlite3_close(older);
    }
    const auto store = open();
    const auto before = segment_count();
    ASSERT_TRUE(store->append_items("job_1", sample_items(100, 200)).result().has_value());
    ASSERT_TRUE(record(*store, 100, 300).has_value());

    ASSERT_TRUE(store->erase_job("job_2").result().has_value());

    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    EXPECT_EQ(compacted(), 0U);
    EXPECT_GE(segment_count(), before);
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteCompactionTest, ADiskThatIsFullCostsNothing) {
    std::atomic<bool> full = false;
    std::atomic<int> refused = 0;
    options.seams.before = [&](store_step step) {
        const bool refuse = full && step == store_step::segment_write;
        refused += refuse ? 1 : 0;
        return refuse ? ENOSPC : 0;
    };
    const auto store = open();
    fill_both(*store, 100);
    full = true;

    ASSERT_TRUE(store->erase_job("job_2").result().has_value());

    ASSERT_TRUE(comes_true([&] { return refused >= 5; }));
    full = false;
    EXPECT_EQ(fault_of(*store, "job_1"), "");
    ASSERT_TRUE(store->create_job(sample_job("job_3")).result().has_value());
    ASSERT_TRUE(store->erase_job("job_3").result().has_value());
    EXPECT_TRUE(comes_true([&] { return all_compacted(); })) << "tried again after the next";
    EXPECT_EQ(fault_of(*store, "job_1"), "");
}

TEST_F(SqliteCompactionTest, WithoutRoomForAnotherFileItWaits) {
    std::atomic<std::uint64_t> left = 1000;
    options.seams.free_bytes = [&] { return std::optional{left.load()}; };
    const auto store = open();
    fill_both(*store, 100);
    ASSERT_TRUE(store->erase_job("job_2").result().has_value());
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    EXPECT_EQ(compacted(), 0U);

    left = 1U << 30U;
    ASSERT_TRUE(store->create_job(sample_job("job_3")).result().has_value());
    ASSERT_TRUE(store->erase_job("job_3").result().has_value());

    EXPECT_TRUE(comes_true([&] { return all_compacted(); }));
}

TEST_F(SqliteCompactionTest, ABackupTakesCompactedSegmentsAsTheyAre) {
    const auto store = open();
    fill_both(*store, 100);
    ASSERT_TRUE(store->erase_job("job_2").result().has_value());
    ASSERT_TRUE(comes_true([&] { return all_compacted(); }));

    const auto copy = directory.path() / "copy";
    ASSERT_TRUE(backup_sqlite_store(options.data_dir, copy).has_value());

    auto elsewhere = options;
    elsewhere.data_dir = copy;
    const auto second = open_sqlite_store(elsewhere).value();
    EXPECT_EQ(fault_of(*second, "job_1"), "");
}

}  // namespace
}  // namespace fanfetch::testing
