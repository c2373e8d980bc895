#include "archive/warc.hpp"
#include "base/random.hpp"
#include "store/sqlite/open.hpp"
#include "support/store_samples.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

// kill -9 in the middle of everything: a child process writes and reports what was acknowledged to
// it, the parent kills it and looks at what is left.

namespace fanfetch::testing {
namespace {

constexpr const char* directory_variable = "FANFETCH_CRASH_TEST_DIRECTORY";
constexpr std::uint64_t chunk = 16;

StoreOptions options_in(const std::filesystem::path& directory) {
    StoreOptions options;
    options.data_dir = directory;
    options.segment_size = {32U << 10U};
    options.min_free = {};
    options.compaction.delay = {};
    options.compaction.least = {};
    return options;
}

/// Reports one line that is read whole or not at all.
void report(char what, std::uint64_t number) {
    char line[32];
    const int length = std::snprintf(
        line, sizeof line, "%c %llu\n", what, static_cast<unsigned long long>(number)
    );
    (void)!::write(STDOUT_FILENO, line, static_cast<std::size_t>(length));
}

/// The child: appends, records, erases and compacts for ever.
TEST(SqliteCrashChild, DISABLED_WritesUntilItIsKilled) {
    const char* directory = std::getenv(directory_variable);
    ASSERT_NE(directory, nullptr);
    auto store = open_sqlite_store(options_in(directory)).value();
    if (!store->find_job("job_1")) {
        ASSERT_TRUE(store->create_job(sample_job("job_1")).result().has_value());
    }
    auto total = store->find_job("job_1")->total;
    for (int round = 0;; ++round) {
        ASSERT_TRUE(store->append_items("job_1", sample_items(total, chunk)).result().has_value());
        total += chunk;
        report('i', total);
        std::vector<ResultGroup> groups(1);
        groups[0].job_id = "job_1";
        for (const auto& item : store->unfinished_items("job_1", 0, chunk, 1U << 20U)) {
            groups[0].results.push_back(
                item.index % 3 == 0 ? sample_failure(item.index) : sample_success(item.index)
            );
        }
        report('r', store->record(std::move(groups)).take().value().at(0).last_seq);

        const auto side = "job_side_" + std::to_string(::getpid()) + '_' + std::to_string(round);
        ASSERT_TRUE(store->create_job(sample_job(side)).result().has_value());
        ASSERT_TRUE(store->append_items(side, sample_items(0, 200)).result().has_value());
        // Most of what is in a segment is this job's: the rest of it is compacted.
        std::vector<ResultGroup> stored(1);
        stored[0].job_id = side;
        for (std::uint64_t index = 0; index < 2 * chunk; ++index) {
            stored[0].results.push_back(sample_success(index));
        }
        ASSERT_TRUE(store->record(std::move(stored)).take().has_value());
        ASSERT_TRUE(store->cancel_rest(side, failure_code::cancelled_by_user, {}).result());
        ASSERT_TRUE(store->erase_job(side).result().has_value());
        report('e', 0);
    }
}

/// What the child had been promised when it died.
struct Promised {
    std::uint64_t items = 0;
    std::uint64_t results = 0;
};

/// Starts the child, reads `lines` of its reports, kills it, and reads what it still had said.
Promised run_and_kill(const std::filesystem::path& directory, std::uint64_t lines) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        ::setenv(directory_variable, directory.c_str(), 1);
        ::execl(
            "/proc/self/exe", "contract_store", "--gtest_also_run_disabled_tests",
            "--gtest_filter=SqliteCrashChild.*", "--gtest_output=", "--gtest_brief=1", nullptr
        );
        ::_exit(127);
    }
    ::close(ends[1]);
    Promised promised;
    std::FILE* reports = ::fdopen(ends[0], "r");
    char line[256];
    for (std::uint64_t seen = 0; std::fgets(line, sizeof line, reports) != nullptr;) {
        char what = 0;
        unsigned long long number = 0;
        if (std::sscanf(line, "%c %llu", &what, &number) != 2) {
            continue;  // a line of the test framework's
        }
        promised.items = what == 'i' ? number : promised.items;
        promised.results = what == 'r' ? number : promised.results;
        if (++seen == lines) {
            ::kill(child, SIGKILL);
        }
    }
    (void)std::fclose(reports);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
    return promised;
}

TEST(SqliteCrash, Crs01NothingAcknowledgedIsLostOverKills) {
    constexpr int kills = 25;
    constexpr int most_kills = 100;  // on a machine so slow that those met no compaction
    const StoreDirectory directory;
    const auto data = directory.path() / "data";
    FastRandom random;
    std::uint64_t seen_seq = 0;
    std::vector<ItemResult> seen;
    bool compacted = false;

    for (int round = 0; round < kills || (!compacted && round < most_kills); ++round) {
        const auto promised = run_and_kill(data, 1 + random.up_to(40));
        auto store = open_sqlite_store(options_in(data)).value();

        const auto job = store->find_job("job_1");
        ASSERT_TRUE(job.has_value());
        EXPECT_GE(job->total, promised.items);
        EXPECT_GE(job->last_seq, promised.results);
        EXPECT_GE(job->last_seq, seen_seq) << "a seq that was seen has vanished";
        EXPECT_EQ(fault_of(*store, "job_1"), "");
        const auto results = all_results(*store, "job_1");
        for (std::size_t i = 0; i < seen.size(); ++i) {
            ASSERT_EQ(results[i], seen[i]) << "a result that was seen has changed";
        }
        seen = results;
        seen_seq = job->last_seq;
        for (const auto& entry : std::filesystem::directory_iterator{data / "segments"}) {
            std::ifstream file{entry.path(), std::ios::binary};
            std::string front(warc_moved_front.size(), '\0');
            file.read(front.data(), static_cast<std::streamsize>(front.size()));
            compacted = compacted || front == warc_moved_front;
        }
    }
    EXPECT_TRUE(compacted) << "the kills met no compaction";
}

}  // namespace
}  // namespace fanfetch::testing
