#include "settings_machine.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sched.h>
#include <unistd.h>

namespace fanfetch {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// The number a text begins with; nullopt for "max", "-1" and what cannot be read.
std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} ? std::optional{value} : std::nullopt;
}

/// One line of /proc/self/cgroup: "4:cpu,cpuacct:/a/b", or "0::/a/b" for version 2.
struct Group {
    std::string controllers;
    std::string path;
};

std::vector<Group> groups_of(const fs::path& root) {
    std::vector<Group> groups;
    std::ifstream file{root / "proc/self/cgroup"};
    for (std::string line; std::getline(file, line);) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first != std::string::npos && second != std::string::npos) {
            groups.push_back({line.substr(first + 1, second - first - 1), line.substr(second + 1)});
        }
    }
    return groups;
}

bool names(std::string_view controllers, std::string_view wanted) {
    for (;;) {
        const auto comma = controllers.find(',');
        if (controllers.substr(0, comma) == wanted) {
            return true;
        }
        if (comma == std::string_view::npos) {
            return false;
        }
        controllers.remove_prefix(comma + 1);
    }
}

/// Calls `visit` with the directory of a group and of each group above it. A container may see
/// its own group as the root, so that only the last of them exists.
template <class Visit>
void each_level(const fs::path& mount, const std::string& group, Visit visit) {
    fs::path below = fs::path{group}.relative_path();
    for (;;) {
        visit(mount / below);
        if (below.empty()) {
            return;
        }
        below = below.parent_path();
    }
}

class Limits {
public:
    explicit Limits(Machine machine) : machine_{machine} {}

    void cpu(std::optional<std::uint64_t> quota, std::optional<std::uint64_t> period) {
        if (quota && period && *period > 0) {
            const auto whole = std::max<std::uint64_t>(*quota / *period, 1);
            machine_.cores = static_cast<unsigned>(std::min<std::uint64_t>(machine_.cores, whole));
        }
    }
    void memory(std::optional<std::uint64_t> bytes) {
        if (bytes) {
            machine_.memory.bytes = std::min(machine_.memory.bytes, *bytes);
        }
    }
    [[nodiscard]] Machine machine() const { return machine_; }

private:
    Machine machine_;
};

}  // namespace

Machine limit_by_cgroups(Machine machine, const fs::path& root) {
    Limits limits{machine};
    const auto mounts = root / "sys/fs/cgroup";
    for (const auto& [controllers, path] : groups_of(root)) {
        if (controllers.empty()) {
            each_level(mounts, path, [&limits](const fs::path& group) {
                const auto cpu = read_file(group / "cpu.max");
                const auto space = cpu.find(' ');
                if (space != std::string::npos) {
                    limits.cpu(number(cpu), number(std::string_view{cpu}.substr(space + 1)));
                }
                limits.memory(number(read_file(group / "memory.max")));
            });
        }
        if (names(controllers, "cpu")) {
            each_level(mounts / "cpu", path, [&limits](const fs::path& group) {
                limits.cpu(
                    number(read_file(group / "cpu.cfs_quota_us")),
                    number(read_file(group / "cpu.cfs_period_us"))
                );
            });
        }
        if (names(controllers, "memory")) {
            each_level(mounts / "memory", path, [&limits](const fs::path& group) {
                limits.memory(number(read_file(group / "memory.limit_in_bytes")));
            });
        }
    }
    return limits.machine();
}

Machine this_machine(const fs::path& root) {
    Machine machine;
    cpu_set_t mask;
    CPU_ZERO(&mask);
    if (::sched_getaffinity(0, sizeof mask, &mask) == 0) {
        machine.cores = static_cast<unsigned>(std::max(CPU_COUNT(&mask), 1));
    } else {
        machine.cores = std::max(std::thread::hardware_concurrency(), 1U);  // more than 1,024
    }
    const auto pages = ::sysconf(_SC_PHYS_PAGES);
    const auto page_size = ::sysconf(_SC_PAGESIZE);
    machine.memory.bytes =
        static_cast<std::uint64_t>(std::max(pages, 0L)) * static_cast<std::uint64_t>(page_size);
    return limit_by_cgroups(machine, root);
}

}  // namespace fanfetch
