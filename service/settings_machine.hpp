#pragma once

#include "base/byte_size.hpp"

#include <filesystem>

namespace fanfetch {

/// What this process may use of the machine it runs on.
struct Machine {
    unsigned cores = 1;  ///< the lower of affinity mask and cgroup CPU quota, at least 1
    ByteSize memory;     ///< the lower of what is installed and the cgroup's limit
};

/// Looks at the machine. The cgroup's limits are the lowest on the way from our group to the root.
///
/// `root` is where /proc and /sys are looked for; a test has its own.
///
/// Errors   none: what cannot be read limits nothing
/// Threads  any thread; reads files
/// Source   sched_getaffinity(2), cgroups(7); kernel documentation, cgroup-v2 (cpu.max, memory.max)
///          and cgroup-v1 (cpu.cfs_quota_us, memory.limit_in_bytes)
[[nodiscard]] Machine this_machine(const std::filesystem::path& root = "/");

/// As above, of a process that may run on `cores` and a machine with `memory`.
[[nodiscard]] Machine limit_by_cgroups(Machine machine, const std::filesystem::path& root);

}  // namespace fanfetch
