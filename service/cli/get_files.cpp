#include "cli/get_files.hpp"

#include "base/random.hpp"
#include "model/octets.hpp"
#include "store/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

/// ".fanfetch-3f0c…part": hidden, and nobody else's.
std::string temporary_name() {
    std::array<char, 8> bytes{};
    fill_random(std::as_writable_bytes(std::span{bytes}));
    return ".fanfetch-" + to_hex({bytes.data(), bytes.size()}) + ".part";
}

}  // namespace

PartFile::PartFile(const OutputDirectory& directory, std::string temporary, int fd) noexcept
    : directory_{directory}, temporary_{std::move(temporary)}, fd_{fd} {}

PartFile::~PartFile() {
    ::close(fd_);
    if (!temporary_.empty()) {
        ::unlinkat(directory_.fd_, temporary_.c_str(), 0);
    }
}

Expected<void> PartFile::append(std::string_view bytes) {
    directory_.written_.add_bytes(bytes.size());
    while (!bytes.empty()) {
        const auto written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return system_failure("writing a file", errno);
        }
        size_ += static_cast<std::uint64_t>(written);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Expected<void> PartFile::cut_to(std::uint64_t size) {
    size_ = size;  // first of all: what comes next overwrites what could not be cut off
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) {
        return system_failure("cutting a file", errno);
    }
    return {};
}

Expected<void> PartFile::read_back(const Take& take) const {
    constexpr std::size_t piece_size = 256U << 10U;
    std::vector<char> piece(piece_size);
    for (std::uint64_t offset = 0; offset < size_;) {
        const auto length = ::pread(fd_, piece.data(), piece.size(), static_cast<off_t>(offset));
        if (length < 0 && errno == EINTR) {
            continue;
        }
        if (length <= 0) {
            return system_failure("reading a file back", length < 0 ? errno : EIO);
        }
        if (auto taken = take({piece.data(), static_cast<std::size_t>(length)}); !taken) {
            return taken;
        }
        offset += static_cast<std::uint64_t>(length);
    }
    return {};
}

Expected<void> PartFile::sync() {
    if (::fdatasync(fd_) != 0) {
        return system_failure("writing a file", errno);
    }
    return {};
}

Expected<void> PartFile::keep_as(const std::string& name) {
    if (::renameat(directory_.fd_, temporary_.c_str(), directory_.fd_, name.c_str()) != 0) {
        return system_failure("naming a file " + name, errno);
    }
    temporary_.clear();
    return {};
}

OutputDirectory::OutputDirectory(std::string path, int fd, ProgressCounter& written) noexcept
    : path_{std::move(path)}, fd_{fd}, written_{written} {}

OutputDirectory::~OutputDirectory() {
    ::close(fd_);
}

Expected<std::unique_ptr<OutputDirectory>> OutputDirectory::open(
    const std::string& path, ProgressCounter& written
) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    const int fd = error ? -1 : ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        const auto why = error ? error.message() : std::generic_category().message(errno);
        return failed(failure_code::request_invalid, "opening the directory " + path + ": " + why);
    }
    return std::unique_ptr<OutputDirectory>{new OutputDirectory{path, fd, written}};
}

Expected<std::unique_ptr<PartFile>> OutputDirectory::create() const {
    constexpr mode_t by_umask = 0666;
    auto name = temporary_name();
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const int fd = ::openat(fd_, name.c_str(), flags, by_umask);
    if (fd < 0) {
        return system_failure("making a file in " + path_, errno);
    }
    return std::unique_ptr<PartFile>{new PartFile{*this, std::move(name), fd}};
}

Expected<std::unique_ptr<SpilledBody>> OutputDirectory::begin() {
    auto file = create();
    if (!file) {
        return file.error();
    }
    return std::unique_ptr<SpilledBody>{std::move(*file)};
}

std::string OutputDirectory::path_of(std::string_view name) const {
    return (std::filesystem::path{path_} / name).string();
}

}  // namespace fanfetch
