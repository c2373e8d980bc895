#pragma once

#include <string>
#include <vector>

namespace fanfetch {

/// One value of a settings file, or what is wrong with the file at one place.
struct FileEntry {
    std::string key;   ///< "listen.port"
    std::string text;  ///< the value as the environment would have it; lists with commas
    bool list = false;
    unsigned line = 0;  ///< 0: the file as a whole
    std::string error;  ///< empty: none
};

/// Reads a TOML file; keys of tables are joined with dots.
///
/// Source  TOML 1.0
[[nodiscard]] std::vector<FileEntry> read_settings_file(const std::string& path);

}  // namespace fanfetch
