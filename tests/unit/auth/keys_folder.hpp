#pragma once

#include "auth/keys_document.hpp"
#include "auth/keys_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace fanfetch {

/// A directory of its own for a keys file; gone with the test.
class KeysFolder {
public:
    KeysFolder() : folder_{::testing::TempDir() + "keys_XXXXXX"} {
        if (::mkdtemp(folder_.data()) == nullptr) {
            throw std::runtime_error{"no directory"};
        }
    }
    ~KeysFolder() { std::filesystem::remove_all(folder_); }
    KeysFolder(const KeysFolder&) = delete;
    KeysFolder& operator=(const KeysFolder&) = delete;

    [[nodiscard]] std::string path() const { return folder_ + "/keys.toml"; }
    [[nodiscard]] const std::string& folder() const { return folder_; }

    void put(const std::string& text) const {
        std::ofstream{path()} << text;
        ::chmod(path().c_str(), 0600);
    }
    void put(const std::vector<KeyRecord>& keys) const { put(write_keys(keys)); }
    [[nodiscard]] std::string text() const {
        std::ifstream file{path()};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    [[nodiscard]] mode_t mode() const {
        struct stat info {};
        return ::stat(path().c_str(), &info) == 0 ? info.st_mode & 0777U : 0;
    }
    [[nodiscard]] std::size_t files() const {
        const std::filesystem::directory_iterator all{folder_};
        return static_cast<std::size_t>(std::distance(begin(all), end(all)));
    }

private:
    std::string folder_;
};

inline KeyRecord record_of(
    const std::string& id, const std::string& key, const std::string& tenant = "team",
    ScopeSet scopes = {scope::read}
) {
    return {id, tenant, hash_key(key), scopes};
}

}  // namespace fanfetch
