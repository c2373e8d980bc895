#include "cli/backup.hpp"

#include "batch/progress_bar.hpp"
#include "cli/command_line.hpp"
#include "store/sqlite/backup.hpp"

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace fanfetch {

int backup(const Settings& settings, const std::string& directory) {
    const auto done = backup_sqlite_store(settings.data.dir, directory);
    if (!done) {
        std::fprintf(stderr, "error: %s\n", done.error().detail.c_str());
        return done.error().code == failure_code::api_invalid ? exit_usage : exit_refused;
    }
    const auto counted = [](std::uint64_t number, std::string_view what) {
        return std::to_string(number).append(" ").append(what).append(number == 1 ? "" : "s");
    };
    std::printf(
        "%s, %s, %s in %s\n", counted(done->jobs, "job").c_str(),
        counted(done->segments, "segment").c_str(), readable_bytes(done->bytes).c_str(),
        directory.c_str()
    );
    return exit_ok;
}

}  // namespace fanfetch
