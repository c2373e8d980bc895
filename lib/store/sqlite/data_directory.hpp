#pragma once

#include "base/expected.hpp"

#include <string>

#include <sys/types.h>

namespace fanfetch::sqlite {

/// Whether what this user owns may lie in a data directory: ourselves, or root, who made it for us.
[[nodiscard]] bool trusted_owner(uid_t owner) noexcept;

/// A data directory that is ours alone: it holds the lock for as long as it lives.
///
/// Errors   store_unavailable with the reason, at once; nothing is waited for
/// Threads  one owner
class DataDirectory {
public:
    /// Makes the directory when it is missing, resolves it, and locks it.
    [[nodiscard]] static Expected<DataDirectory> claim(const std::string& path);
    ~DataDirectory();
    DataDirectory(DataDirectory&& other) noexcept;
    DataDirectory& operator=(DataDirectory&&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::string database() const { return path_ + "/fanfetch.db"; }
    [[nodiscard]] std::string segments() const { return path_ + "/segments"; }

private:
    DataDirectory(std::string path, int lock) noexcept;

    std::string path_;
    int lock_ = -1;
};

}  // namespace fanfetch::sqlite
