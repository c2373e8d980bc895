#include "cli/backup.hpp"

#include "base/byte_size.hpp"
#include "cli/command_line.hpp"
#include "store/sqlite/backup.hpp"

#include <cstdio>

namespace fanfetch {

int backup(const Settings& settings, const std::string& directory) {
    const auto done = backup_sqlite_store(settings.data.dir, directory);
    if (!done) {
        std::fprintf(stderr, "error: %s\n", done.error().detail.c_str());
        return done.error().code == failure_code::api_invalid ? exit_usage : exit_refused;
    }
    std::printf(
        "%llu jobs, %llu segments, %s in %s\n", static_cast<unsigned long long>(done->jobs),
        static_cast<unsigned long long>(done->segments), to_string(ByteSize{done->bytes}).c_str(),
        directory.c_str()
    );
    return exit_ok;
}

}  // namespace fanfetch
