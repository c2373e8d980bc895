#include "fetch/bandwidth.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;

constexpr auto start = Steady::time_point{} + 1h;

TEST(Bandwidth, WithoutOneNothingWaits) {
    Bandwidth bandwidth{std::nullopt};
    EXPECT_FALSE(bandwidth.limited());
    EXPECT_EQ(bandwidth.book(std::uint64_t{1} << 40U, start), start);
}

TEST(Bandwidth, WhatCameIsPaidForInTime) {
    Bandwidth bandwidth{ByteSize{1'000'000}};
    EXPECT_EQ(bandwidth.book(1'000'000, start), start + 1s - Bandwidth::slack);
    EXPECT_EQ(bandwidth.book(500'000, start), start + 1500ms - Bandwidth::slack);
}

TEST(Bandwidth, TheSlackIsFree) {
    Bandwidth bandwidth{ByteSize{1'000'000}};
    EXPECT_EQ(bandwidth.book(100'000, start), start);
    EXPECT_GT(bandwidth.book(1, start), start);
}

TEST(Bandwidth, WhatWasNotUsedIsNotSaved) {
    Bandwidth bandwidth{ByteSize{1'000'000}};
    (void)bandwidth.book(1'000'000, start);
    const auto later = start + 1h;
    EXPECT_EQ(bandwidth.book(1'000'000, later), later + 1s - Bandwidth::slack);
}

TEST(Bandwidth, HoldsForAllThreadsTogether) {
    Bandwidth bandwidth{ByteSize{1'000'000}};
    {
        std::vector<std::jthread> threads;
        for (int n = 0; n < 4; ++n) {
            threads.emplace_back([&bandwidth] {
                for (int round = 0; round < 1'000; ++round) {
                    (void)bandwidth.book(1'000, start);
                }
            });
        }
    }
    EXPECT_EQ(bandwidth.book(0, start), start + 4s - Bandwidth::slack);
}

}  // namespace
}  // namespace fanfetch
