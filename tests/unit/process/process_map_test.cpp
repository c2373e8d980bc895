#include "tasks.hpp"

#include <gmock/gmock.h>

#include <map>
#include <numeric>
#include <ranges>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::HasSubstr;

std::vector<int> numbers(int count) {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

template <class Results>
auto drain(Results results) {
    std::vector<typename Results::Iterator::value_type> all;
    for (auto& result : results) {
        all.push_back(std::move(result));
    }
    return all;
}

TEST(ProcessMap, Exe08ResultsComeInInputOrderWhateverTheChunks) {
    ProcessPoolExecutor pool{{.max_workers = 2}};
    std::vector<int> expected;
    for (const int n : numbers(50)) {
        expected.push_back(n * n);
    }
    for (const std::int64_t chunksize : {1, 3, 7, 50, 1000}) {
        EXPECT_EQ(drain(pool.map(square, numbers(50), {.chunksize = chunksize})), expected)
            << chunksize;
    }
}

TEST(ProcessMap, Exe08PairsUpToTheShortest) {
    ProcessPoolExecutor pool;

    EXPECT_EQ(
        drain(pool.map(fail_at, numbers(5), std::vector{9, 9, 9}, {.chunksize = 2})),
        (std::vector{0, 1, 2})
    );
}

TEST(ProcessMap, Exe10ATimeoutIsThrownAndTheRestCancelled) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    Gate gate;
    auto busy = pool.submit(pass_gate, gate.path());
    gate.wait_until_begun();
    auto results = pool.map(square, numbers(2), {.timeout = 10ms});

    EXPECT_THROW((void)results.begin(), TimeoutError);
    gate.open();
    EXPECT_GT(busy.result(patience), 0);
}

TEST(ProcessMap, Exe13AFailingElementSurfacesAtItsOwnPosition) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    auto results = pool.map(fail_at, numbers(8), std::vector(8, 5), {.chunksize = 4});

    std::vector<int> seen;
    try {
        for (const int n : results) {
            seen.push_back(n);
        }
        FAIL() << "it threw";
    } catch (const RemoteError& error) {
        EXPECT_EQ(error.text(), "the bad one");
    }
    EXPECT_EQ(seen, numbers(5)) << "the earlier ones of its chunk are delivered";
}

TEST(ProcessMap, Exe13AChunkIsAtLeastOne) {
    ProcessPoolExecutor pool;

    EXPECT_THROW((void)pool.map(square, numbers(2), {.chunksize = 0}), std::invalid_argument);
}

TEST(ProcessMap, Exe13ThreadPoolsIgnoreIt) {
    ThreadPoolExecutor pool{{.max_workers = 1}};

    EXPECT_EQ(drain(pool.map(square, numbers(3), {.chunksize = 2})), (std::vector{0, 1, 4}));
}

TEST(ProcessMap, Exe14AWindowOfAnUnboundedInputWithAnyChunk) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    for (const std::int64_t chunksize : {1, 2, 5, 100}) {
        auto results =
            pool.map(square, std::views::iota(0), {.chunksize = chunksize, .buffersize = 6});
        int expected = 0;
        for (const int result : results) {
            EXPECT_EQ(result, expected * expected);
            if (++expected == 30) {
                break;
            }
        }
    }
}

TEST(ProcessMap, Ppe17AChunkIsOneFrame) {
    // A worker retires after one frame, so that frames can be counted.
    ProcessPoolExecutor pool{{.max_workers = 2, .max_tasks_per_child = 1}};
    std::map<int, int> calls;
    auto pids = pool.map(pid_for, numbers(10), {.chunksize = 4});
    for (const int pid : pids) {
        ++calls[pid];
    }

    std::multiset<int> sizes;
    for (const auto& [pid, size] : calls) {
        sizes.insert(size);
    }
    EXPECT_EQ(sizes, (std::multiset{2, 4, 4}));
}

TEST(ProcessMap, Ppe04OneElementThatCannotBeEncodedSparesTheOthers) {
    ProcessPoolExecutor pool;
    auto results = pool.map(
        take_if_writable,
        std::vector{MaybeWritable{true}, MaybeWritable{true}, MaybeWritable{false}},
        {.chunksize = 3}
    );

    int delivered = 0;
    EXPECT_THROW(
        for (auto& result
             : results) {
            (void)result;
            ++delivered;
        },
        std::domain_error
    );
    EXPECT_EQ(delivered, 2);
}

TEST(ProcessMap, Ppe12AChunkThatIsTooLongBecomesSeveralFrames) {
    ProcessPoolExecutor pool{{.max_workers = 1, .max_frame_bytes = ByteSize{10'000}}};
    const std::vector<std::string> texts(7, std::string(3'000, 'x'));

    EXPECT_EQ(drain(pool.map(echo, texts, {.chunksize = 7})), texts);
}

TEST(ProcessMap, Ppe07ACrashInAChunkKeepsWhatWasDelivered) {
    ProcessPoolExecutor pool{{.max_workers = 1, .crash_policy = crash_policy::replace_worker}};
    auto results = pool.map(
        large_or_dead, std::vector<std::uint64_t>{300'000, 300'000, 0, 1}, {.chunksize = 4}
    );

    auto at = results.begin();
    EXPECT_EQ((*at).size(), 300'000U);
    ++at;
    EXPECT_EQ((*at).size(), 300'000U);
    EXPECT_THROW(++at, BrokenProcessPool);
}

}  // namespace
}  // namespace fanfetch
