#include "batch/progress_bar.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace fanfetch {
namespace {

TEST(ProgressBar, BytesAreReadable) {
    EXPECT_EQ(readable_bytes(0), "0 B");
    EXPECT_EQ(readable_bytes(1023), "1023 B");
    EXPECT_EQ(readable_bytes(1024), "1.0 KiB");
    EXPECT_EQ(readable_bytes(270'799'347), "258.3 MiB");
    EXPECT_EQ(readable_bytes(~0ULL), "16.0 EiB");
}

using namespace std::chrono_literals;

Progress half_way() {
    Progress progress;
    progress.done = 120;
    progress.total = 240;
    progress.bytes = 1'258'291;
    progress.elapsed = 2s;
    progress.rate = 60;
    progress.eta = 2s;
    return progress;
}

TEST(RenderBar, ShowsDoneTotalShareRateBytesAndEta) {
    const auto line = render_bar(half_way(), 60);

    EXPECT_EQ(line, "[##########----------] 120/240  50%  60/s  1.2 MiB  ETA 0:02");
}

TEST(RenderBar, IsNeverLongerThanTheTerminalIsWide) {
    auto progress = half_way();
    progress.bytes = std::numeric_limits<std::uint64_t>::max();
    progress.eta = 100h;

    for (std::size_t width = 0; width <= 300; ++width) {
        EXPECT_LE(render_bar(progress, width).size(), width);
    }
}

TEST(RenderBar, LeavesTheBarOutWhereThereIsNoRoom) {
    EXPECT_EQ(render_bar(half_way(), 45), "120/240  50%  60/s  1.2 MiB  ETA 0:02");
}

TEST(RenderBar, IsFullOnlyWhenEverythingIsDone) {
    auto progress = half_way();
    progress.total = 1'000'000;
    progress.done = 999'999;
    const auto almost = render_bar(progress, 80);
    progress.done = 1'000'000;
    const auto whole = render_bar(progress, 80);

    EXPECT_NE(almost.find("-]"), std::string::npos);
    EXPECT_NE(almost.find(" 99%"), std::string::npos);
    EXPECT_EQ(whole.find('-'), std::string::npos);
    EXPECT_NE(whole.find(" 100%"), std::string::npos);
}

TEST(RenderBar, ShowsTheTimeItTookInsteadOfAnEtaAtTheEnd) {
    auto progress = half_way();
    progress.done = 240;
    progress.eta = 0ms;
    progress.elapsed = 3725s;

    EXPECT_TRUE(render_bar(progress, 80).ends_with("  in 1:02:05"));
}

TEST(RenderBar, WithoutATotalThereIsNeitherBarNorShare) {
    auto progress = half_way();
    progress.total.reset();
    progress.eta.reset();

    EXPECT_EQ(render_bar(progress, 80), "120  60/s  1.2 MiB  in 0:02");
}

TEST(RenderBar, ABatchOfNothingIsComplete) {
    Progress progress;
    progress.total = 0;

    EXPECT_NE(render_bar(progress, 80).find(" 100%"), std::string::npos);
}

TEST(RenderLine, SaysTheSameInALog) {
    EXPECT_EQ(render_line(half_way()), "120/240 done, 60/s, 1.2 MiB, ETA 0:02");
}

TEST(RenderLine, SmallNumbersAreExact) {
    Progress progress;
    progress.done = 1;
    progress.bytes = 1023;
    progress.rate = 0.25;

    EXPECT_EQ(render_line(progress), "1 done, 0.2/s, 1023 B, in 0:00");
}

}  // namespace
}  // namespace fanfetch
