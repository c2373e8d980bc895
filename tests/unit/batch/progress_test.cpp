#include "batch/progress.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

constexpr Steady::time_point start{};

ProgressCounts counts(
    std::uint64_t done, std::optional<std::uint64_t> total = std::nullopt, std::uint64_t bytes = 0
) {
    return {.done = done, .bytes = bytes, .total = total};
}

TEST(ProgressCounter, StartsWithNothingAndAnUnknownTotal) {
    const ProgressCounter counter;

    const auto seen = counter.counts();

    EXPECT_EQ(seen.done, 0U);
    EXPECT_EQ(seen.bytes, 0U);
    EXPECT_FALSE(seen.total);
}

TEST(ProgressCounter, CountsItemsBytesAndTotal) {
    ProgressCounter counter;
    counter.set_total(3);
    counter.item_done();
    counter.item_done();
    counter.add_bytes(10);
    counter.add_bytes(32);

    const auto seen = counter.counts();

    EXPECT_EQ(seen.done, 2U);
    EXPECT_EQ(seen.bytes, 42U);
    EXPECT_EQ(seen.total, 3U);
}

TEST(ProgressMeter, Prg01UpdatesAreAtLeast100MsApart) {
    ProgressMeter meter{start};
    ASSERT_TRUE(meter.update(counts(1), start));

    EXPECT_FALSE(meter.update(counts(2), start + 99ms));
    EXPECT_TRUE(meter.update(counts(2), start + 100ms));
    EXPECT_FALSE(meter.update(counts(3), start + 199ms)) << "counted from the last update";
}

TEST(ProgressMeter, Prg01DoneNeverDecreases) {
    ProgressMeter meter{start};
    (void)meter.update(counts(7), start);

    const auto progress = meter.update(counts(5), start + 1s);

    ASSERT_TRUE(progress);
    EXPECT_EQ(progress->done, 7U);
}

TEST(ProgressMeter, Prg01EtaNeedsATotal) {
    ProgressMeter meter{start};

    const auto without = meter.update(counts(10), start + 1s);
    const auto with = meter.update(counts(20, 40), start + 2s);

    ASSERT_TRUE(without && with);
    EXPECT_FALSE(without->eta);
    EXPECT_DOUBLE_EQ(with->rate, 10.0);
    EXPECT_EQ(with->eta, 2s);
}

TEST(ProgressMeter, Prg01RateIsSmoothed) {
    ProgressMeter meter{start};
    (void)meter.update(counts(100), start + 1s);

    const auto pause = meter.update(counts(100), start + 2s);

    ASSERT_TRUE(pause);
    EXPECT_GT(pause->rate, 50.0) << "one second without an item";
    EXPECT_LT(pause->rate, 100.0);
}

TEST(ProgressMeter, Prg01FinalStateIsShownHoweverRecentTheLastUpdate) {
    ProgressMeter meter{start};
    (void)meter.update(counts(5, 10), start + 1s);

    const auto last = meter.final_state(counts(10, 10, 99), start + 1s + 1ms);

    EXPECT_EQ(last.done, 10U);
    EXPECT_EQ(last.bytes, 99U);
    EXPECT_EQ(last.elapsed, 1001ms);
    EXPECT_EQ(last.eta, 0ms);
}

TEST(ProgressMeter, FinalRateIsTheAverage) {
    ProgressMeter meter{start};
    (void)meter.update(counts(90), start + 1s);

    const auto last = meter.final_state(counts(100), start + 10s);

    EXPECT_DOUBLE_EQ(last.rate, 10.0);
}

TEST(ProgressMeter, FinalStateOfAnInterruptedBatchHasNoEta) {
    ProgressMeter meter{start};

    const auto last = meter.final_state(counts(3, 10), start + 1s);

    EXPECT_FALSE(last.eta);
}

TEST(ProgressMeter, AListThatGrewHasATotalNoSmallerThanWhatIsDone) {
    ProgressMeter meter{start};

    const auto progress = meter.update(counts(12, 10), start + 1s);

    ASSERT_TRUE(progress);
    EXPECT_EQ(progress->total, 12U);
    EXPECT_EQ(progress->eta, 0ms);
}

TEST(ProgressMeter, ABatchWithoutTimeHasNoRate) {
    ProgressMeter meter{start};

    EXPECT_DOUBLE_EQ(meter.final_state(counts(3, 3), start).rate, 0.0);
}

}  // namespace
}  // namespace fanfetch
