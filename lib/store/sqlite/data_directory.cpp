#include "store/sqlite/data_directory.hpp"

#include "store/file.hpp"

#include <cerrno>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fanfetch::sqlite {
namespace {

constexpr mode_t owner_only = 0700;

Failure refused(const std::string& reason) {
    return failed(failure_code::store_unavailable, "opening the data directory: " + reason);
}

Expected<void> make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), owner_only) != 0 && errno != EEXIST) {
        return system_failure("making the data directory", errno);
    }
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
        return refused("it is not a directory");
    }
    if (!trusted_owner(info.st_uid)) {
        return refused("it belongs to another user");
    }
    return {};
}

/// The process that holds the lock, for the message.
std::string holder(int lock) {
    char digits[16] = {};
    const auto length = ::pread(lock, digits, sizeof digits - 1, 0);
    const std::string text{digits, length > 0 ? static_cast<std::size_t>(length) : 0};
    const bool number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return number ? "process " + text : "another process";
}

Expected<int> take_lock(const std::string& path) {
    const int lock =
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (lock < 0) {
        return system_failure("opening the lock file", errno);
    }
    struct stat info {};
    if (::fstat(lock, &info) != 0 || !S_ISREG(info.st_mode) || !trusted_owner(info.st_uid)) {
        ::close(lock);
        return refused("its lock is no regular file of this user");
    }
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        const auto reason = "it is in use by " + holder(lock);
        ::close(lock);
        return refused(reason);
    }
    const auto pid = std::to_string(::getpid());
    if (::ftruncate(lock, 0) != 0 ||
        ::pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        // The number is for the message above only; the lock itself holds without it.
        errno = 0;
    }
    return lock;
}

}  // namespace

bool trusted_owner(uid_t owner) noexcept {
    return owner == ::geteuid() || owner == 0;
}

DataDirectory::DataDirectory(std::string path, int lock) noexcept
    : path_{std::move(path)}, lock_{lock} {}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_{std::move(other.path_)}, lock_{std::exchange(other.lock_, -1)} {}

DataDirectory::~DataDirectory() {
    if (lock_ >= 0) {
        ::close(lock_);
    }
}

Expected<DataDirectory> DataDirectory::claim(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) {
        return system_failure("making the data directory " + path, error.value());
    }
    // The operator may reach the directory by a link; from here on nothing follows one.
    auto real = std::filesystem::canonical(path, error);
    if (error) {
        return system_failure("opening the data directory " + path, error.value());
    }
    if (auto made = make_directory(real.string()); !made) {
        return made.error();
    }
    auto lock = take_lock(real.string() + "/lock");
    if (!lock) {
        return lock.error();
    }
    DataDirectory directory{real.string(), *lock};
    if (auto made = make_directory(directory.segments()); !made) {
        return made.error();
    }
    return directory;
}

}  // namespace fanfetch::sqlite
