#include "executor/map.hpp"

#include "executor/thread_pool_executor.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <ranges>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

/// Runs nothing by itself: the test says when each call is made.
class ManualExecutor final : public Executor {
public:
    void shutdown(ShutdownOptions = {}) override { down_ = true; }
    void run_next() { queue_.pop()->run(); }
    [[nodiscard]] int submitted() const { return submitted_; }

protected:
    void enqueue(detail::CallPtr call) override {
        if (down_) {
            throw ExecutorShutdown{};
        }
        ++submitted_;
        queue_.push(std::move(call));
    }

private:
    detail::CallQueue queue_;
    int submitted_ = 0;
    bool down_ = false;
};

const std::vector<int> numbers{1, 2, 3, 4};

int square(int number) {
    return number * number;
}

template <class R>
std::vector<R> drain(MapResults<R> results) {
    std::vector<R> all;
    for (auto& result : results) {
        all.push_back(std::move(result));
    }
    return all;
}

TEST(Map, Exe08ResultsComeInInputOrder) {
    ThreadPoolExecutor pool{{.max_workers = 4}};
    std::latch last_done{1};

    const auto results = drain(pool.map(
        [&last_done](int number) {
            if (number == 4) {
                last_done.count_down();
            } else {
                last_done.wait();  // the last input completes first
            }
            return number;
        },
        numbers
    ));

    EXPECT_EQ(results, numbers);
}

TEST(Map, Exe08PairsUpToTheShortest) {
    ThreadPoolExecutor pool;

    const auto sums = drain(pool.map(std::plus<>{}, numbers, std::vector{10, 20}));
    const auto three = drain(pool.map(
        [](int a, int b, const std::string& c) { return c + std::to_string(a * b); }, numbers,
        std::views::iota(1), std::vector<std::string>{"x", "y"}
    ));

    EXPECT_EQ(sums, (std::vector{11, 22}));
    EXPECT_EQ(three, (std::vector<std::string>{"x1", "y4"}));
}

TEST(Map, Exe08SubmitsEverythingBeforeItReturns) {
    ManualExecutor executor;

    const auto results = executor.map(square, numbers);

    EXPECT_EQ(executor.submitted(), 4);
}

TEST(Map, Exe08AnEmptyInputIsAnEmptyRange) {
    ThreadPoolExecutor pool;

    EXPECT_TRUE(drain(pool.map(square, std::vector<int>{})).empty());
}

TEST(Map, Exe08WorksForVoidAndReferences) {
    ThreadPoolExecutor pool;
    std::vector<int> targets{1, 2};
    std::atomic<int> sum{0};

    for (auto& nothing : pool.map([&sum](int number) { sum += number; }, numbers)) {
        (void)nothing;
    }
    for (int& target : pool.map(
             [&targets](std::size_t at) -> int& { return targets[at]; },
             std::vector<std::size_t>{1, 0}
         )) {
        target += 10;
    }

    EXPECT_EQ(sum, 10);
    EXPECT_EQ(targets, (std::vector{11, 12}));
}

TEST(Map, Exe09AFailureSurfacesAtItsPosition) {
    ThreadPoolExecutor pool;
    auto results = pool.map(
        [](int number) {
            if (number == 3) {
                throw std::domain_error{"three"};
            }
            return number;
        },
        numbers
    );

    auto at = results.begin();
    EXPECT_EQ(*at, 1);
    ++at;
    EXPECT_EQ(*at, 2);
    EXPECT_THROW(++at, std::domain_error);
    EXPECT_TRUE(at == results.end()) << "exhausted";
}

TEST(Map, Exe10TheTimeoutCountsFromTheCall) {
    ManualExecutor executor;
    auto results = executor.map(square, numbers, {.timeout = 0s});
    executor.run_next();

    auto at = results.begin();
    EXPECT_EQ(*at, 1) << "available, however late";
    EXPECT_THROW(++at, TimeoutError);
}

TEST(Map, Exe11LeavingEarlyCancelsTheRest) {
    ManualExecutor executor;
    int calls = 0;
    {
        auto results = executor.map([&calls](int) { return ++calls; }, numbers);
        executor.run_next();
        EXPECT_EQ(*results.begin(), 1);
    }

    for (int left = 0; left < 3; ++left) {
        executor.run_next();
    }
    EXPECT_EQ(calls, 1) << "the others were cancelled";
}

TEST(Map, Exe11ATimeoutCancelsTheOneWaitedForToo) {
    ManualExecutor executor;
    int calls = 0;
    auto results = executor.map([&calls](int) { return ++calls; }, numbers, {.timeout = 1ms});

    EXPECT_THROW((void)results.begin(), TimeoutError);

    for (int left = 0; left < 4; ++left) {
        executor.run_next();
    }
    EXPECT_EQ(calls, 0);
}

TEST(Map, Exe12ResultsAreHandedOutAndNotKept) {
    ThreadPoolExecutor pool;
    std::vector<std::weak_ptr<int>> given;

    for (auto& result :
         pool.map([](int number) { return std::make_shared<int>(number); }, numbers)) {
        for (const auto& earlier : given) {
            EXPECT_TRUE(earlier.expired());
        }
        given.emplace_back(result);
    }

    EXPECT_EQ(given.size(), 4U);
}

TEST(Map, Exe13AChunkIsAtLeastOne) {
    ThreadPoolExecutor pool;

    EXPECT_THROW((void)pool.map(square, numbers, {.chunksize = 0}), std::invalid_argument);
    EXPECT_THROW((void)pool.map(square, numbers, {.chunksize = -1}), std::invalid_argument);
    EXPECT_EQ(drain(pool.map(square, numbers, {.chunksize = 100})), (std::vector{1, 4, 9, 16}));
}

TEST(Map, Exe14DrawsNoMoreThanTheBuffer) {
    ManualExecutor executor;
    int drawn = 0;
    auto endless = std::views::iota(1) | std::views::transform([&drawn](int number) {
                       ++drawn;
                       return number;
                   });
    auto results = executor.map(square, endless, {.buffersize = 2});
    EXPECT_EQ(drawn, 2);

    executor.run_next();
    auto at = results.begin();
    EXPECT_EQ(*at, 1);
    EXPECT_EQ(drawn, 3) << "one for the one consumed";
    executor.run_next();
    EXPECT_EQ(*++at, 4);
    EXPECT_EQ(executor.submitted(), 4);
}

TEST(Map, Exe14ABufferIsAtLeastOne) {
    ThreadPoolExecutor pool;

    EXPECT_THROW((void)pool.map(square, numbers, {.buffersize = 0}), std::invalid_argument);
}

TEST(Map, Exe14AFailureToSubmitSurfacesAtItsOwnPosition) {
    ManualExecutor executor;
    auto results = executor.map(square, numbers, {.buffersize = 1});
    executor.run_next();
    executor.shutdown();

    auto at = results.begin();
    EXPECT_EQ(*at, 1);
    EXPECT_THROW(++at, ExecutorShutdown);
}

TEST(Map, Exe02MapAfterShutdownThrows) {
    ThreadPoolExecutor pool;
    pool.shutdown();

    EXPECT_THROW((void)pool.map(square, numbers), ExecutorShutdown);
}

}  // namespace
}  // namespace fanfetch
