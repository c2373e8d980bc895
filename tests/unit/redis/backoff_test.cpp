#include "redis/backoff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace fanfetch::redis {
namespace {

using namespace std::chrono_literals;

/// Draws the lowest, or the highest, number there is.
class Extreme final : public Random {
public:
    explicit Extreme(std::uint64_t always) : always_{always} {}
    [[nodiscard]] std::uint64_t bits() override { return always_; }

private:
    std::uint64_t always_;
};

TEST(Backoff, Rps04GrowsByHalfFromHalfASecondToAMinute) {
    FastRandom random{1};
    Backoff backoff;
    auto ceiling = 500ms;

    for (int attempt = 0; attempt < 40; ++attempt) {
        const auto pause = backoff.next_pause(random);
        EXPECT_GE(pause, ceiling / 2) << attempt;
        EXPECT_LE(pause, ceiling) << attempt;
        ceiling = std::min(ceiling + ceiling / 2, std::chrono::milliseconds{60'000});
    }

    EXPECT_EQ(ceiling, 60s);
}

TEST(Backoff, Rps04TheJitterCoversTheUpperHalf) {
    Backoff low;
    Backoff high;
    Extreme least{1};  // of bits; zero would be drawn again
    Extreme ones{~std::uint64_t{0}};
    std::vector<std::chrono::milliseconds> lows;
    std::vector<std::chrono::milliseconds> highs;

    for (int attempt = 0; attempt < 4; ++attempt) {
        lows.push_back(low.next_pause(least));
        highs.push_back(high.next_pause(ones));
    }

    for (std::size_t i = 0; i < lows.size(); ++i) {
        EXPECT_LT(lows[i], highs[i]);
    }
    EXPECT_EQ(lows.front(), 250ms);
    EXPECT_EQ(highs.front(), 500ms);
}

TEST(Backoff, Rps04BeginsAnewAfterAReset) {
    FastRandom random{1};
    Backoff backoff;
    for (int attempt = 0; attempt < 10; ++attempt) {
        (void)backoff.next_pause(random);
    }

    backoff.reset();

    EXPECT_LE(backoff.next_pause(random), 500ms);
}

}  // namespace
}  // namespace fanfetch::redis
