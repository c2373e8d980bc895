#include "batch/batch_counts.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

TEST(BatchCounts, Bat04TheySumToTheNumberOfItems) {
    BatchCounts counts;
    counts.add(item_end::ok);
    counts.add(item_end::ok);
    counts.add(item_end::not_found);
    counts.add(item_end::error);
    counts.add(item_end::cancelled);

    EXPECT_EQ(counts, (BatchCounts{.ok = 2, .not_found = 1, .error = 1, .cancelled = 1}));
    EXPECT_EQ(counts.total(), 5U);
}

TEST(SummaryLine, SaysHowManyEndedHow) {
    const BatchCounts counts{.ok = 268, .not_found = 2, .error = 1};

    EXPECT_EQ(summary_line(counts, 430ms), "271 files in 0.43 s: 268 ok, 2 not found, 1 error");
}

TEST(SummaryLine, LeavesOutWhatDidNotOccur) {
    EXPECT_EQ(summary_line({.ok = 271}, 1s), "271 files in 1.00 s: 271 ok");
    EXPECT_EQ(summary_line({}, 0ms), "0 files in 0.00 s: 0 ok");
}

TEST(SummaryLine, KnowsOneFromMany) {
    EXPECT_EQ(summary_line({.error = 1}, 5ms), "1 file in 0.01 s: 0 ok, 1 error");
    EXPECT_EQ(summary_line({.error = 2}, 5ms), "2 files in 0.01 s: 0 ok, 2 errors");
}

TEST(SummaryLine, TellsWhatAnInterruptionLeftUndone) {
    EXPECT_EQ(summary_line({.ok = 3, .cancelled = 7}, 2s), "10 files in 2.00 s: 3 ok, 7 cancelled");
}

TEST(EffectiveConcurrency, Bat02IsTheLeastOfRequestBoundAndItems) {
    EXPECT_EQ(effective_concurrency(30, std::nullopt), 30U);
    EXPECT_EQ(effective_concurrency(30, 271), 30U);
    EXPECT_EQ(effective_concurrency(30, 5), 5U);
    EXPECT_EQ(effective_concurrency(5'000, std::nullopt), most_concurrency);
    EXPECT_EQ(effective_concurrency(5'000, 100'000), most_concurrency);
    EXPECT_EQ(effective_concurrency(30, 0), 1U);
}

}  // namespace
}  // namespace fanfetch
