#include "batch/drivers.hpp"

#include "coro/sleep.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

using ::testing::UnorderedElementsAreArray;

/// A work whose outcome depends on the item alone: 404 for the sevens, a throw for the elevens.
item_end outcome_of(std::size_t item) {
    if (item % 11 == 5) {
        throw std::runtime_error{"the connection was reset"};
    }
    return item % 7 == 3 ? item_end::not_found : item_end::ok;
}

/// Watches how many are at work at a time.
class Gauge {
public:
    void enter() {
        const std::lock_guard lock{mutex_};
        most_ = std::max(most_, ++now_);
        changed_.notify_all();
    }
    void leave() {
        const std::lock_guard lock{mutex_};
        --now_;
    }
    /// Waits until so many are at work, or have been.
    void wait_for(int others) {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return most_ >= others; });
    }
    [[nodiscard]] int most() const { return most_; }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int now_ = 0;
    int most_ = 0;
};

BatchWork scripted() {
    auto suspending = [](std::size_t item) -> awaitable<item_end> {
        co_await yield_now();
        co_return outcome_of(item);
    };
    return {outcome_of, suspending};
}

class Drivers : public ::testing::TestWithParam<batch_style> {};

TEST_P(Drivers, Bat01OutcomesDoNotDependOnTheStyle) {
    const auto expected = run_batch(batch_style::sequential, 200, scripted());

    const auto report = run_batch(GetParam(), 200, scripted());

    EXPECT_EQ(report.ends, expected.ends);
    EXPECT_EQ(report.counts, expected.counts);
    EXPECT_GT(expected.counts.error, 0U);
    EXPECT_GT(expected.counts.not_found, 0U);
}

TEST_P(Drivers, Bat02NeverMoreInFlightThanAskedFor) {
    Gauge gauge;
    const bool alone = GetParam() == batch_style::sequential;
    BatchWork work;
    work.blocking = [&](std::size_t item) {
        gauge.enter();
        if (item < 3 && !alone) {
            gauge.wait_for(3);
        }
        gauge.leave();
        return item_end::ok;
    };
    work.suspending = [&](std::size_t) -> awaitable<item_end> {
        gauge.enter();
        co_await yield_now();
        gauge.leave();
        co_return item_end::ok;
    };

    const auto report = run_batch(GetParam(), 50, work, {.concurrency = 3});

    EXPECT_EQ(report.counts.ok, 50U);
    EXPECT_EQ(gauge.most(), alone ? 1 : 3);
}

TEST_P(Drivers, Bat02ConcurrencyBelowOneIsAnError) {
    EXPECT_THROW(
        (void)run_batch(GetParam(), 1, scripted(), {.concurrency = 0}), std::invalid_argument
    );
}

TEST_P(Drivers, Bat03AThrowIsThatItemsErrorAndNobodyElses) {
    const auto report = run_batch(GetParam(), 12, scripted());

    EXPECT_EQ(report.ends[5], item_end::error);
    EXPECT_EQ(report.counts.error, 1U);
    EXPECT_EQ(report.counts.ok, 9U);
}

TEST_P(Drivers, Bat04CountsSumAfterAStopToo) {
    std::stop_source stop;
    std::atomic<int> begun = 0;
    BatchWork work;
    work.blocking = [&](std::size_t) {
        if (++begun == 10) {
            stop.request_stop();
        }
        return item_end::ok;
    };
    work.suspending = [&](std::size_t item) -> awaitable<item_end> {
        co_return work.blocking(item);
    };

    const auto report =
        run_batch(GetParam(), 100, work, {.concurrency = 4, .stop = stop.get_token()});

    EXPECT_EQ(report.counts.total(), 100U);
    EXPECT_EQ(report.counts.ok, static_cast<std::uint64_t>(begun));
    EXPECT_GT(report.counts.cancelled, 0U);
}

TEST_P(Drivers, Bat05EveryItemIsTracedWhateverTheOrder) {
    std::vector<std::size_t> all(100);
    std::iota(all.begin(), all.end(), std::size_t{0});

    const auto report = run_batch(GetParam(), all.size(), scripted());

    EXPECT_THAT(report.order, UnorderedElementsAreArray(all));
}

TEST_P(Drivers, ProgressCountsWhatWasWorkedOn) {
    ProgressCounter progress;

    (void)run_batch(GetParam(), 30, scripted(), {.progress = &progress});

    EXPECT_EQ(progress.counts().done, 30U);
    EXPECT_EQ(progress.counts().total, 30U);
}

TEST_P(Drivers, AnEmptyListIsDoneAtOnce) {
    EXPECT_EQ(run_batch(GetParam(), 0, scripted()).counts.total(), 0U);
}

std::string name_of(const ::testing::TestParamInfo<batch_style>& info) {
    constexpr std::array names{"Sequential", "PoolMap", "PoolAsCompleted", "Coroutines"};
    return names[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(
    Styles, Drivers,
    ::testing::Values(
        batch_style::sequential, batch_style::pool_map, batch_style::pool_as_completed,
        batch_style::coroutines
    ),
    name_of
);

}  // namespace
}  // namespace fanfetch
