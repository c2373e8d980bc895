#include "auth/keys_file.hpp"

#include "auth/keys_document.hpp"
#include "base/uuid.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fanfetch {
namespace {

constexpr mode_t owner_only = 0600;
constexpr mode_t others_write = 0022;
constexpr mode_t all_read = 0004;
/// Some ten thousand keys; anything longer is another file.
constexpr off_t longest_file = off_t{4} << 20U;

Failure system_says(const std::string& path, std::string_view doing) {
    return failed(
        failure_code::internal,
        path + ": " + std::string{doing} + ": " + std::generic_category().message(errno)
    );
}

Failure refused(const std::string& path, std::string_view why) {
    return failed(failure_code::request_invalid, path + ": " + std::string{why});
}

class Descriptor {
public:
    explicit Descriptor(int fd) noexcept : fd_{fd} {}
    ~Descriptor() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }

private:
    int fd_;
};

/// Who writes the file of this directory; one at a time, among all processes.
Expected<void> lock(const Descriptor& directory, const std::string& path) {
    while (::flock(directory.get(), LOCK_EX) != 0) {
        if (errno != EINTR) {
            return system_says(path, "locking its directory");
        }
    }
    return {};
}

/// A file that is being written beside the one it is to replace; gone unless it did.
class Successor {
public:
    explicit Successor(std::string path)
        : path_{std::move(path)},
          beside_{path_ + "." + make_id("new", system_clock())},
          file_{::open(beside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, owner_only)} {}
    ~Successor() {
        if (file_ && !published_) {
            ::unlink(beside_.c_str());
        }
    }
    Successor(const Successor&) = delete;
    Successor& operator=(const Successor&) = delete;

    Expected<void> write(std::string_view text) {
        if (!file_) {
            return system_says(path_, "writing a new one");
        }
        if (!inherit()) {
            return system_says(path_, "giving the new one its owner");
        }
        while (!text.empty()) {
            const auto written = ::write(file_.get(), text.data(), text.size());
            if (written < 0 && errno != EINTR) {
                return system_says(path_, "writing a new one");
            }
            text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
        }
        return {};
    }

    /// Durable, then in place, then durably in place.
    Expected<void> publish(const Descriptor& directory) {
        if (::fsync(file_.get()) != 0 || ::rename(beside_.c_str(), path_.c_str()) != 0) {
            return system_says(path_, "replacing it");
        }
        published_ = true;
        if (::fsync(directory.get()) != 0) {
            return system_says(path_, "syncing its directory");
        }
        return {};
    }

private:
    /// The service must still be able to read what root has changed.
    bool inherit() const {
        struct stat old {};
        if (::stat(path_.c_str(), &old) != 0) {
            return errno == ENOENT;
        }
        constexpr mode_t permissions = 0777;
        const bool ours = old.st_uid == ::geteuid();
        return (ours || ::fchown(file_.get(), old.st_uid, old.st_gid) == 0) &&
               ::fchmod(file_.get(), (old.st_mode & permissions) | owner_only) == 0;
    }

    std::string path_;
    std::string beside_;
    Descriptor file_;
    bool published_ = false;
};

}  // namespace

Expected<std::optional<KeysFileText>> read_keys_text(const std::string& path) {
    // O_NONBLOCK: opening a FIFO must not wait for somebody at its other end.
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!file && errno == ENOENT) {
        return std::optional<KeysFileText>{};
    }
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0) {
        return system_says(path, "reading the keys");
    }
    if (!S_ISREG(info.st_mode)) {
        return refused(path, "is not a file");
    }
    if ((info.st_mode & others_write) != 0) {
        return refused(path, "others than its owner may write it: chmod go-w");
    }
    if (info.st_size > longest_file) {
        return refused(path, "is too long for a file of keys");
    }
    KeysFileText found;
    found.readable_by_all = (info.st_mode & all_read) != 0;
    found.text.resize(static_cast<std::size_t>(info.st_size));
    std::size_t have = 0;
    while (have < found.text.size()) {
        const auto count = ::read(file.get(), found.text.data() + have, found.text.size() - have);
        if (count < 0 && errno != EINTR) {
            return system_says(path, "reading the keys");
        }
        if (count == 0) {
            break;
        }
        have += count < 0 ? 0 : static_cast<std::size_t>(count);
    }
    found.text.resize(have);
    return std::optional{std::move(found)};
}

Expected<std::vector<KeyRecord>> read_keys_file(const std::string& path) {
    const auto found = read_keys_text(path);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return std::vector<KeyRecord>{};
    }
    auto keys = parse_keys((*found)->text);
    if (!keys) {
        return refused(path, keys.error().detail);
    }
    return keys;
}

Expected<void> change_keys_file(
    const std::string& path, const std::function<Expected<void>(std::vector<KeyRecord>&)>& change
) {
    std::error_code error;
    const auto target = std::filesystem::weakly_canonical(path, error);
    if (error) {
        return refused(path, error.message());
    }
    const auto folder = target.parent_path();
    const Descriptor directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory) {
        return system_says(path, "opening its directory");
    }
    if (auto locked = lock(directory, path); !locked) {
        return locked;
    }
    auto keys = read_keys_file(target);
    if (!keys) {
        return keys.error();
    }
    if (auto changed = change(*keys); !changed) {
        return changed;
    }
    Successor successor{target};
    if (auto written = successor.write(write_keys(*keys)); !written) {
        return written;
    }
    return successor.publish(directory);
}

}  // namespace fanfetch
