#pragma once

#include "store/sqlite/open.hpp"
#include "support/patience.hpp"
#include "support/store_samples.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace fanfetch::testing {

namespace fs = std::filesystem;

/// A store with files, in a directory of its own, for what only such a one can promise.
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

inline std::string bytes_of(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

inline void write_bytes(const fs::path& path, const std::string& bytes) {
    std::ofstream file{path, std::ios::binary};
    file << bytes;
}

/// Waits for something that another thread brings about.
[[nodiscard]] inline bool comes_true(const std::function<bool()>& condition) {
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > limit) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

}  // namespace fanfetch::testing
