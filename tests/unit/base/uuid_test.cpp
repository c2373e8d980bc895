#include "base/uuid.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

namespace fanfetch {
namespace {

/// A clock that stands where it is put.
class StoppedClock final : public Clock {
public:
    explicit StoppedClock(WallTime wall) : wall_{wall} {}
    [[nodiscard]] Steady::time_point now() const override { return {}; }
    [[nodiscard]] WallTime wall() const override { return wall_; }

private:
    WallTime wall_;
};

TEST(Uuid7, HasTheFormOfVersionSeven) {
    const auto id = make_uuid7();

    ASSERT_EQ(id.size(), 36U);
    EXPECT_EQ(id[8], '-');
    EXPECT_EQ(id[13], '-');
    EXPECT_EQ(id[18], '-');
    EXPECT_EQ(id[23], '-');
    EXPECT_EQ(id[14], '7') << "version";
    EXPECT_NE(std::string_view{"89ab"}.find(id[19]), std::string_view::npos) << "variant";
}

TEST(Uuid7, BeginsWithTheMillisecondOfItsMaking) {
    const auto before = system_clock().wall().time_since_epoch().count();

    const auto id = make_id("job");

    const auto stamp = std::stoll(id.substr(4, 12), nullptr, 16);
    EXPECT_TRUE(id.starts_with("job_"));
    EXPECT_EQ(id.size(), 36U);
    EXPECT_GE(stamp, before);
    EXPECT_LT(stamp, before + 60'000);
}

TEST(Uuid7, SortsWithinAMillisecondAndPastItsCounter) {
    const StoppedClock clock{system_clock().wall()};
    std::vector<std::string> ids;

    for (int i = 0; i < 10'000; ++i) {
        ids.push_back(make_uuid7(clock));
    }

    EXPECT_EQ(std::ranges::adjacent_find(ids, std::greater_equal<>{}), ids.end());
}

TEST(Uuid7, SortsWhenTheClockStepsBack) {
    const auto now = system_clock().wall();
    const auto first = make_uuid7(StoppedClock{now});

    const auto second = make_uuid7(StoppedClock{now - std::chrono::hours{1}});

    EXPECT_LT(first, second);
}

TEST(Uuid7, IsUniqueAcrossThreads) {
    constexpr std::size_t each = 5'000;
    std::vector<std::vector<std::string>> made(4);

    {
        std::vector<std::jthread> threads;
        for (auto& ids : made) {
            threads.emplace_back([&ids] {
                for (std::size_t i = 0; i < each; ++i) {
                    ids.push_back(make_id("job"));
                }
            });
        }
    }

    std::set<std::string> all;
    for (const auto& ids : made) {
        EXPECT_TRUE(std::ranges::is_sorted(ids));
        all.insert(ids.begin(), ids.end());
    }
    EXPECT_EQ(all.size(), made.size() * each);
}

}  // namespace
}  // namespace fanfetch
