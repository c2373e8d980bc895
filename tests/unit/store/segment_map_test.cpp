#include "store/segment_map.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace fanfetch::testing {
namespace {

TEST(SegmentMap, NeighboursMoveAsOneRun) {
    const auto runs = moved_runs({{100, 50}, {150, 30}, {500, 10}, {510, 1}, {900, 5}});

    EXPECT_EQ(runs, (std::vector<MovedRun>{{100, 0, 80}, {500, 80, 11}, {900, 91, 5}}));
}

TEST(SegmentMap, NothingMakesNoRuns) {
    EXPECT_TRUE(moved_runs({}).empty());
}

TEST(SegmentMap, ARunIsReadBackAsItWas) {
    const MovedRun run{0x0102030405060708, 42, 1U << 20U};
    std::string bytes;

    encode(bytes, run);

    EXPECT_EQ(bytes.size(), moved_run_size);
    EXPECT_EQ(decode_moved_run(bytes), run);
}

TEST(SegmentMap, DamageIsNoticed) {
    std::string bytes;
    encode(bytes, {1, 2, 3});

    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ 1);
        EXPECT_FALSE(decode_moved_run(damaged)) << "byte " << i;
    }
    EXPECT_FALSE(decode_moved_run(bytes.substr(1)));
    EXPECT_FALSE(decode_moved_run(bytes + '\0'));
}

TEST(SegmentMap, ARunBehindTheLastOffsetIsNone) {
    constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
    for (const MovedRun& run : {MovedRun{largest, 0, 1}, MovedRun{0, largest, 1}}) {
        std::string bytes;
        encode(bytes, run);
        EXPECT_FALSE(decode_moved_run(bytes));
    }
    std::string last;
    encode(last, {largest - 1, 0, 1});
    EXPECT_TRUE(decode_moved_run(last));
}

}  // namespace
}  // namespace fanfetch::testing
