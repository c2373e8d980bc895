#include "origin/chance.hpp"

#include "origin/pages.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanfetch::origin {
namespace {

using namespace std::chrono_literals;

int failures(std::uint64_t seed, double share) {
    const Chance chance{seed};
    int count = 0;
    for (int i = 0; i < 1'000; ++i) {
        count += chance.happens(share, "/error/" + std::to_string(i % 100), i / 100) ? 1 : 0;
    }
    return count;
}

TEST(Chance, GivesTheShareThatWasAskedFor) {
    EXPECT_EQ(failures(1, 0.0), 0);
    EXPECT_EQ(failures(1, 1.0), 1'000);
    EXPECT_NEAR(failures(1, 0.25), 250, 60);
    EXPECT_NEAR(failures(7, 0.5), 500, 70);
}

TEST(Chance, IsTheSameForTheSameSeedOnly) {
    int same = 0;
    for (std::uint64_t nth = 0; nth < 100; ++nth) {
        const auto a = Chance{3}.between(0ms, 1h, "/delay/x", nth);
        EXPECT_EQ(a, Chance{3}.between(0ms, 1h, "/delay/x", nth));
        same += a == Chance{4}.between(0ms, 1h, "/delay/x", nth) ? 1 : 0;
    }
    EXPECT_LT(same, 10);
}

TEST(Chance, StaysBetween) {
    for (std::uint64_t nth = 0; nth < 100; ++nth) {
        const auto time = Chance{1}.between(5ms, 7ms, "/", nth);
        EXPECT_TRUE(time >= 5ms && time <= 7ms) << time.count();
    }
    EXPECT_EQ(Chance{1}.between(9ms, 9ms, "/", 0), 9ms);
}

TEST(Pages, AreMadeUpToMeasure) {
    for (const std::uint64_t size : {0U, 1U, 7U, 2048U, 100'001U}) {
        EXPECT_EQ(made_up_page("/flags/se.svg", size).body.size(), size);
    }
    EXPECT_EQ(made_up_page("/a", 50).body, made_up_page("/a", 50).body);
    EXPECT_NE(made_up_page("/a", 50).body, made_up_page("/b", 50).body);
}

}  // namespace
}  // namespace fanfetch::origin
