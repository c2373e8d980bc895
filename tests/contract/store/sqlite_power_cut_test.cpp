#include "archive/warc.hpp"
#include "sqlite_job_store_fixture.hpp"
#include "store/sqlite/open.hpp"
#include "support/store_samples.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// A power cut, simulated: of every file only what was synced is there afterwards, of every
// directory the entries it had when it was synced. The syncs are caught at the C library's edge,
// where both our own code and SQLite pass.

namespace fanfetch::testing {
namespace {

/// What the disk would hold if the power went now.
class Disk {
public:
    void watch(const std::string& directory) {
        const std::lock_guard lock{mutex_};
        root_ = directory;
        contents_.clear();
        entries_.clear();
        syncs_ = 0;
    }

    void synced(int fd) {
        const std::lock_guard lock{mutex_};
        const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd));
        struct stat info {};
        if (root_.empty() || !path.string().starts_with(root_) || ::fstat(fd, &info) != 0) {
            return;
        }
        ++syncs_;
        if (S_ISDIR(info.st_mode)) {
            entries_[path.string()] = entries_of(path);
        } else {
            contents_[info.st_ino] = bytes_of(fd, static_cast<std::size_t>(info.st_size));
        }
    }

    [[nodiscard]] int syncs() const {
        const std::lock_guard lock{mutex_};
        return syncs_;
    }

    /// Lays out in `target` what survived.
    void restore(const std::filesystem::path& target) const {
        const std::lock_guard lock{mutex_};
        for (const auto& [directory, files] : entries_) {
            const auto place = target / std::filesystem::relative(directory, root_);
            std::filesystem::create_directories(place);
            for (const auto& [name, inode] : files) {
                const auto found = contents_.find(inode);
                std::ofstream file{place / name, std::ios::binary};
                file << (found == contents_.end() ? std::string{} : found->second);
            }
        }
    }

private:
    using Entries = std::map<std::string, ino_t>;

    static Entries entries_of(const std::filesystem::path& directory) {
        Entries entries;
        for (const auto& entry : std::filesystem::directory_iterator{directory}) {
            struct stat info {};
            const auto name = entry.path().filename().string();
            const bool kept = entry.is_regular_file() && name != "lock" && !name.ends_with("-shm");
            if (kept && ::stat(entry.path().c_str(), &info) == 0) {
                entries[name] = info.st_ino;
            }
        }
        return entries;
    }
    static std::string bytes_of(int fd, std::size_t size) {
        std::string bytes(size, '\0');
        const auto count = ::pread(fd, bytes.data(), size, 0);
        bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return bytes;
    }

    mutable std::mutex mutex_;
    std::string root_;
    std::map<ino_t, std::string> contents_;
    std::map<std::string, Entries> entries_;
    int syncs_ = 0;
};

Disk& disk() {
    static Disk instance;
    return instance;
}

StoreOptions options_in(const std::filesystem::path& directory) {
    StoreOptions options;
    options.data_dir = directory;
    options.segment_size = {8U << 10U};  // many segments
    options.min_free = {};
    options.compaction.delay = {};
    options.compaction.least = {};
    return options;
}

/// What a client knows to be durable.
struct Acknowledged {
    std::atomic<std::uint64_t> items{0};
    std::atomic<std::uint64_t> results{0};
};

/// One cut: the promises made until then, and the disk of that moment.
struct Cut {
    std::uint64_t items = 0;
    std::uint64_t results = 0;
    std::filesystem::path directory;
};

/// A job whose bodies are most of what is in a segment, and are erased: the rest is compacted.
void pass_by(JobStore& store, const std::string& id) {
    EXPECT_TRUE(store.create_job(sample_job(id)).result().has_value());
    EXPECT_TRUE(store.append_items(id, sample_items(0, 14)).result().has_value());
    std::vector<ResultGroup> groups(1);
    groups[0].job_id = id;
    for (std::uint64_t index = 0; index < 14; ++index) {
        groups[0].results.push_back(sample_success(index));
    }
    EXPECT_TRUE(store.record(std::move(groups)).take().has_value());
    EXPECT_TRUE(store.erase_job(id).result().has_value());
}

/// Runs a load and cuts the power again and again in its middle.
std::vector<Cut> cut_often(
    const std::filesystem::path& directory, StoreOptions options, std::size_t cuts
) {
    disk().watch(options.data_dir);
    MetricRegistry registry{1};
    const auto metrics = StoreMetrics::make(registry);
    options.metrics = &metrics;
    std::uint64_t compactions = 0;
    Acknowledged acknowledged;
    std::vector<Cut> taken;
    auto store = open_sqlite_store(options).value();
    EXPECT_TRUE(store->create_job(sample_job("job_1")).result().has_value());
    std::vector<Future<Expected<std::vector<Commit>>>> pending;
    for (std::size_t round = 0; round < cuts; ++round) {
        const std::uint64_t first = round * 7;
        store->append_items("job_1", sample_items(first, 7)).add_done_callback([&](const auto& f) {
            acknowledged.items = f.result().value().total;
        });
        for (std::uint64_t i = first; i < first + 7; ++i) {
            std::vector<ResultGroup> groups(1);
            groups[0].job_id = "job_1";
            groups[0].results.push_back(i % 5 == 0 ? sample_failure(i) : sample_success(i));
            pending.push_back(store->record(std::move(groups)));
            pending.back().add_done_callback([&](const auto& f) {
                acknowledged.results = f.result().value().at(0).last_seq;
            });
        }
        pass_by(*store, "job_side_" + std::to_string(round));
        // Some rounds are cut in full flight, some when all is quiet.
        if (round % 3 == 0) {
            pending.back().result();
        }
        if (round % 10 == 9) {
            const auto& done = metrics.compactions.elsewhere();
            EXPECT_TRUE(comes_true([&] { return done.value() > compactions; }));
            compactions = done.value();
        }
        Cut cut;
        cut.items = acknowledged.items;
        cut.results = acknowledged.results;
        cut.directory = directory / ("cut_" + std::to_string(round));
        disk().restore(cut.directory);
        taken.push_back(std::move(cut));
    }
    store.reset();
    disk().watch({});
    return taken;
}

/// Segments of which only what was alive is left.
int compacted_in(const Cut& cut) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{cut.directory / "segments"}) {
        std::ifstream file{entry.path(), std::ios::binary};
        const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
        count += bytes.starts_with(warc_moved_front) ? 1 : 0;
    }
    return count;
}

std::string fault_after(const Cut& cut) {
    auto store = open_sqlite_store(options_in(cut.directory));
    if (!store) {
        return store.error().detail;
    }
    const auto job = (*store)->find_job("job_1");
    if (!job || job->total < cut.items || job->last_seq < cut.results) {
        return "something acknowledged is lost";
    }
    return fault_of(**store, "job_1");
}

TEST(SqlitePowerCut, Crs03NothingAcknowledgedIsLost) {
    constexpr std::size_t cuts = 50;
    const StoreDirectory directory;

    const auto taken = cut_often(directory.path(), options_in(directory.path() / "data"), cuts);

    ASSERT_EQ(taken.size(), cuts);
    EXPECT_GT(taken.back().results, 200U) << "the load was not worth cutting";
    int compacted = 0;
    for (const auto& cut : taken) {
        compacted += compacted_in(cut);
        EXPECT_EQ(fault_after(cut), "") << cut.directory;
    }
    EXPECT_GT(compacted, 0) << "nothing was compacted";
}

TEST(SqlitePowerCut, TheSimulationTellsADatabaseThatDoesNotSync) {
    const StoreDirectory directory;
    auto options = options_in(directory.path() / "data");
    options.durability = durability::os;

    const auto taken = cut_often(directory.path(), options, 10);

    EXPECT_EQ(fault_after(taken.back()), "something acknowledged is lost");
}

TEST(SqlitePowerCut, Crs02SyncedBeforeAcknowledged) {
    const StoreDirectory directory;
    disk().watch(directory.path() / "data");
    auto store = open_sqlite_store(options_in(directory.path() / "data")).value();
    ASSERT_TRUE(store->create_job(sample_job("job_1")).result().has_value());

    for (std::uint64_t i = 0; i < 20; ++i) {
        const int before = disk().syncs();
        ASSERT_TRUE(store->append_items("job_1", sample_items(i, 1)).result().has_value());
        const int between = disk().syncs();
        std::vector<ResultGroup> groups(1);
        groups[0].job_id = "job_1";
        groups[0].results.push_back(sample_success(i));
        ASSERT_TRUE(store->record(std::move(groups)).result().has_value());

        EXPECT_GE(between - before, 1) << "the log";
        EXPECT_GE(disk().syncs() - between, 2) << "the segment and the log";
    }
    disk().watch({});
}

/// Descriptors through which a write-ahead log was written.
class LogWriters {
public:
    void wrote(int fd) {
        const std::lock_guard lock{mutex_};
        const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd));
        if (path.string().ends_with("-wal")) {
            fds_.insert(fd);
        }
    }
    std::set<int> take() {
        const std::lock_guard lock{mutex_};
        return std::exchange(fds_, {});
    }

private:
    std::mutex mutex_;
    std::set<int> fds_;
};

LogWriters& log_writers() {
    static LogWriters instance;
    return instance;
}

TEST(SqliteJobStore, Crs18OneConnectionWritesTheLog) {
    const StoreDirectory directory;
    auto store = open_sqlite_store(options_in(directory.path() / "data")).value();
    log_writers().take();
    ASSERT_TRUE(store->create_job(sample_job("job_1")).result().has_value());

    {
        std::vector<std::jthread> readers;
        for (int i = 0; i < 3; ++i) {
            readers.emplace_back([&](const std::stop_token& stop) {
                while (!stop.stop_requested()) {
                    (void)store->list_jobs({.tenant = "acme"});
                }
            });
        }
        // Enough rows for several checkpoints.
        for (std::uint64_t i = 0; i < 60; ++i) {
            auto items = sample_items(i * 1000, 1000);
            items[0].extras.assign(100'000, 'x');
            ASSERT_TRUE(store->append_items("job_1", std::move(items)).result().has_value());
        }
    }

    EXPECT_EQ(log_writers().take().size(), 1U);
    EXPECT_LE(std::filesystem::file_size(directory.path() / "data/fanfetch.db-wal"), 64U << 20U);
}

}  // namespace
}  // namespace fanfetch::testing

// These stand in front of the C library's.
extern "C" int fdatasync(int fd) {
    const auto result = static_cast<int>(::syscall(SYS_fdatasync, fd));
    if (result == 0) {
        fanfetch::testing::disk().synced(fd);
    }
    return result;
}

extern "C" int fsync(int fd) {
    const auto result = static_cast<int>(::syscall(SYS_fsync, fd));
    if (result == 0) {
        fanfetch::testing::disk().synced(fd);
    }
    return result;
}

extern "C" ssize_t pwrite64(int fd, const void* bytes, std::size_t length, off64_t offset) {
    fanfetch::testing::log_writers().wrote(fd);
    return ::syscall(SYS_pwrite64, fd, bytes, length, offset);
}

extern "C" ssize_t pwrite(int fd, const void* bytes, std::size_t length, off_t offset) {
    return pwrite64(fd, bytes, length, offset);
}
