#include "job/live_counts.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace fanfetch::testing {
namespace {

using Counts = LiveCounts::Counts;

TEST(LiveCounts, SharesAddUpByTenantAndInAll) {
    const auto counts = std::make_shared<LiveCounts>();
    LiveCounts::Share first{counts, "a"};
    LiveCounts::Share second{counts, "a"};
    LiveCounts::Share other{counts, "b"};

    first.set({1, 10});
    second.set({1, 5});
    other.set({1, 7});
    first.set({1, 3});

    EXPECT_EQ(counts->of("a"), (Counts{2, 8}));
    EXPECT_EQ(counts->of("b"), (Counts{1, 7}));
    EXPECT_EQ(counts->of("c"), Counts{});
    EXPECT_EQ(counts->all(), (Counts{3, 15}));
}

TEST(LiveCounts, AShareGoesWithItsJob) {
    const auto counts = std::make_shared<LiveCounts>();
    std::optional<LiveCounts::Share> share;
    share.emplace(counts, "a");
    share->set({1, 10});

    share.reset();

    EXPECT_EQ(counts->of("a"), Counts{});
    EXPECT_EQ(counts->all(), Counts{});
}

TEST(LiveCounts, ADoneJobCountsForNothing) {
    const auto counts = std::make_shared<LiveCounts>();
    LiveCounts::Share share{counts, "a"};
    share.set({1, 1});

    share.set({});

    EXPECT_EQ(counts->of("a"), Counts{});
}

}  // namespace
}  // namespace fanfetch::testing
