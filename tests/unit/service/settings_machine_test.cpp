#include "settings_machine.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>

#include <unistd.h>

namespace fanfetch {
namespace {

namespace fs = std::filesystem;

/// A made-up /proc and /sys.
class FakeRoot {
public:
    FakeRoot() : root_{testing::TempDir() + "machine_" + std::to_string(::getpid())} {}
    ~FakeRoot() { fs::remove_all(root_); }
    FakeRoot(const FakeRoot&) = delete;
    FakeRoot& operator=(const FakeRoot&) = delete;

    void write(const std::string& path, std::string_view text) {
        fs::create_directories((root_ / path).parent_path());
        std::ofstream{root_ / path} << text;
    }
    [[nodiscard]] Machine limit(Machine machine) const { return limit_by_cgroups(machine, root_); }

private:
    fs::path root_;
};

constexpr Machine large{8, ByteSize{std::uint64_t{16} << 30U}};

TEST(Machine, HasAtLeastOneCoreAndSomeMemory) {
    const auto machine = this_machine();

    EXPECT_GE(machine.cores, 1U);
    EXPECT_GT(machine.memory.bytes, 1U << 20U);
}

TEST(Machine, IsNotLimitedWithoutCgroups) {
    const FakeRoot root;

    const auto machine = root.limit(large);

    EXPECT_EQ(machine.cores, large.cores);
    EXPECT_EQ(machine.memory, large.memory);
}

TEST(Machine, TakesTheLowestLimitOnTheWayToTheRootOfVersionTwo) {
    FakeRoot root;
    root.write("proc/self/cgroup", "0::/a/b\n");
    root.write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    root.write("sys/fs/cgroup/a/cpu.max", "250000 100000\n");
    root.write("sys/fs/cgroup/a/b/memory.max", "1073741824\n");
    root.write("sys/fs/cgroup/a/memory.max", "max\n");

    const auto machine = root.limit(large);

    EXPECT_EQ(machine.cores, 2U) << "two and a half: a third thread would be throttled";
    EXPECT_EQ(machine.memory.bytes, 1'073'741'824U);
}

TEST(Machine, HasOneCoreWhenTheQuotaIsLess) {
    FakeRoot root;
    root.write("proc/self/cgroup", "0::/\n");
    root.write("sys/fs/cgroup/cpu.max", "50000 100000\n");

    EXPECT_EQ(root.limit(large).cores, 1U);
}

TEST(Machine, ReadsVersionOneSeenFromInsideAContainer) {
    FakeRoot root;
    root.write(
        "proc/self/cgroup", "5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n1:name=systemd:/\n"
    );
    root.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
    root.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");

    const auto machine = root.limit(large);

    EXPECT_EQ(machine.cores, 3U);
    EXPECT_EQ(machine.memory.bytes, 536'870'912U);
}

TEST(Machine, ReadsVersionOneWithoutLimits) {
    FakeRoot root;
    root.write("proc/self/cgroup", "5:cpu,cpuacct:/\n4:memory:/\n");
    root.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    root.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");

    const auto machine = root.limit(large);

    EXPECT_EQ(machine.cores, large.cores);
    EXPECT_EQ(machine.memory, large.memory);
}

}  // namespace
}  // namespace fanfetch
