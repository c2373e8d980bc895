#include "store/file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fanfetch {
namespace {

constexpr mode_t owner_only = 0600;

}  // namespace

Failure system_failure(std::string_view doing, int error) {
    const bool full = error == ENOSPC || error == EDQUOT;
    return failed(
        full ? failure_code::disk_low : failure_code::store_unavailable,
        std::string{doing} + ": " + std::generic_category().message(error)
    );
}

File::~File() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

Expected<File> File::open(const std::string& path, int flags) {
    // O_NONBLOCK: opening a FIFO must not wait for somebody at its other end.
    const int fd = ::open(path.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, owner_only);
    if (fd < 0) {
        return system_failure("opening a file of the store", errno);
    }
    File file{fd};
    struct stat info {};
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        return failed(
            failure_code::store_unavailable, "opening a file of the store: not a regular file"
        );
    }
    return file;
}

Expected<File> File::create_new(const std::string& path) {
    return open(path, O_RDWR | O_CREAT | O_EXCL);
}

Expected<File> File::open_writable(const std::string& path) {
    return open(path, O_RDWR);
}

Expected<File> File::open_readable(const std::string& path) {
    return open(path, O_RDONLY);
}

void File::set_direct(bool direct) noexcept {
    const int flags = ::fcntl(fd_, F_GETFL);
    const int wanted = direct ? flags | O_DIRECT : flags & ~O_DIRECT;
    direct_ = flags >= 0 && ::fcntl(fd_, F_SETFL, wanted) == 0 ? direct : direct_;
}

Expected<void> File::write_at(std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINVAL && direct_) {
            set_direct(false);
            if (!direct_) {
                continue;
            }
        }
        if (written < 0 && errno != EINTR) {
            return system_failure("writing a segment", errno);
        }
        if (written > 0) {
            offset += static_cast<std::uint64_t>(written);
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    return {};
}

Expected<void> File::read_at(std::uint64_t offset, std::size_t length, std::string& out) const {
    out.resize(length);
    std::size_t have = 0;
    while (have < length) {
        const auto count =
            ::pread(fd_, out.data() + have, length - have, static_cast<off_t>(offset + have));
        if (count < 0 && errno != EINTR) {
            return system_failure("reading a segment", errno);
        }
        if (count == 0) {
            break;
        }
        have += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    out.resize(have);
    return {};
}

Expected<void> File::cut(std::uint64_t size) {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) {
        return system_failure("cutting a segment", errno);
    }
    return {};
}

Expected<void> File::sync() {
    if (::fdatasync(fd_) != 0) {
        return system_failure("syncing a segment", errno);
    }
    return {};
}

Expected<std::uint64_t> File::size() const {
    struct stat info {};
    if (::fstat(fd_, &info) != 0) {
        return system_failure("asking for the size of a segment", errno);
    }
    return static_cast<std::uint64_t>(info.st_size);
}

Expected<std::uint64_t> File::allocated() const {
    constexpr std::uint64_t unit = 512;
    struct stat info {};
    if (::fstat(fd_, &info) != 0) {
        return system_failure("asking for the size of a segment", errno);
    }
    return static_cast<std::uint64_t>(info.st_blocks) * unit;
}

Expected<void> sync_directory(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return system_failure("opening the data directory", errno);
    }
    const int result = ::fsync(fd);
    const int error = errno;
    ::close(fd);
    if (result != 0) {
        return system_failure("syncing the data directory", error);
    }
    return {};
}

}  // namespace fanfetch
