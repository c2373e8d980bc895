#include "base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <set>
#include <vector>

namespace fanfetch {
namespace {

/// Says what it is told to.
class ScriptedRandom final : public Random {
public:
    explicit ScriptedRandom(std::vector<std::uint64_t> words) : words_{std::move(words)} {}
    std::uint64_t bits() override { return words_.at(next_++); }
    [[nodiscard]] std::size_t asked() const { return next_; }

private:
    std::vector<std::uint64_t> words_;
    std::size_t next_ = 0;
};

// Computed from the published definitions (splitmix64 fills the state) by an independent program.
TEST(FastRandom, GivesTheNumbersOfXoshiro256PlusPlus) {
    FastRandom random{1'234'567};

    EXPECT_EQ(random.bits(), 0x0610E053DD55AB68U);
    EXPECT_EQ(random.bits(), 0x70C979E26E27FBACU);
    EXPECT_EQ(random.bits(), 0xFB95F99F9F6BB2DEU);
}

TEST(FastRandom, DiffersWithoutASeed) {
    FastRandom one;
    FastRandom other;
    EXPECT_NE(one.bits(), other.bits());
}

TEST(Random, UpToStaysWithinItsLimitAndReachesIt) {
    FastRandom random{7};
    std::set<std::uint64_t> seen;

    for (int i = 0; i < 1'000; ++i) {
        seen.insert(random.up_to(4));
    }

    EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4}));
    EXPECT_EQ(random.up_to(0), 0U);
}

TEST(Random, UpToGivesEachAnswerItsShare) {
    FastRandom random{11};
    std::array<int, 6> counts{};
    constexpr int draws = 60'000;

    for (int i = 0; i < draws; ++i) {
        ++counts[random.up_to(counts.size() - 1)];
    }

    for (const int count : counts) {
        EXPECT_NEAR(count, draws / 6, 500);  // five standard deviations
    }
}

TEST(Random, UpToDrawsAgainRatherThanFavourAnAnswer) {
    ScriptedRandom random{{0, std::numeric_limits<std::uint64_t>::max()}};

    const auto answer = random.up_to(2);

    EXPECT_EQ(answer, 2U);
    EXPECT_EQ(random.asked(), 2U) << "the word 0 stands for one value more than its share";
}

TEST(Random, UpToTheLargestNumberIsAllBits) {
    ScriptedRandom random{{42}};
    EXPECT_EQ(random.up_to(std::numeric_limits<std::uint64_t>::max()), 42U);
}

TEST(FillRandom, FillsEveryByte) {
    std::array<std::byte, 4096> first{};
    std::array<std::byte, 4096> second{};

    fill_random(first);
    fill_random(second);
    fill_random({});

    EXPECT_NE(first, second);
    EXPECT_GT((std::set<std::byte>{first.begin(), first.end()}.size()), 200U);
}

}  // namespace
}  // namespace fanfetch
