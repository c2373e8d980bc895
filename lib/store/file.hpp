#pragma once

#include "base/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace fanfetch {

/// An open file of the data directory: a descriptor and the calls we need of it.
///
/// Never follows a symbolic link in the last component and never opens anything but a regular
/// file, so that nothing planted in the directory leads out of it.
///
/// Errors   disk_low for ENOSPC and EDQUOT, else store_unavailable; the detail names the call and
///          errno, not the path
/// Threads  positional calls may run concurrently
class File {
public:
    File() = default;
    ~File();
    File(File&& other) noexcept
        : fd_{std::exchange(other.fd_, -1)}, direct_{std::exchange(other.direct_, false)} {}
    File& operator=(File&& other) noexcept {
        std::swap(fd_, other.fd_);
        std::swap(direct_, other.direct_);
        return *this;
    }

    /// For reading and writing; `create_new` fails when there is one already.
    [[nodiscard]] static Expected<File> create_new(const std::string& path);
    [[nodiscard]] static Expected<File> open_writable(const std::string& path);
    [[nodiscard]] static Expected<File> open_readable(const std::string& path);

    /// Has writes go past the page cache, as far as the file system lets them; or through it again.
    /// Direct ones are for offsets, lengths and memory that are multiples of `direct_block`; one
    /// that the file system does not take goes through the cache, with all that follow.
    ///
    /// Source   open(2) O_DIRECT
    void set_direct(bool direct) noexcept;
    [[nodiscard]] bool direct() const noexcept { return direct_; }
    static constexpr std::size_t direct_block = 4096;

    [[nodiscard]] Expected<void> write_at(std::uint64_t offset, std::string_view bytes);
    /// Fills `out` from `offset` on; shorter when the file ends before.
    [[nodiscard]] Expected<void> read_at(std::uint64_t offset, std::size_t length, std::string& out)
        const;
    [[nodiscard]] Expected<void> cut(std::uint64_t size);
    /// fdatasync.
    [[nodiscard]] Expected<void> sync();
    [[nodiscard]] Expected<std::uint64_t> size() const;
    /// Bytes that it takes on the disk: without its holes.
    [[nodiscard]] Expected<std::uint64_t> allocated() const;

    [[nodiscard]] int descriptor() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }

private:
    explicit File(int fd) noexcept : fd_{fd} {}
    static Expected<File> open(const std::string& path, int flags);

    int fd_ = -1;
    bool direct_ = false;
};

/// Makes the entries of a directory durable.
[[nodiscard]] Expected<void> sync_directory(const std::string& path);

/// The failure that an errno stands for: "writing a segment: No space left on device".
[[nodiscard]] Failure system_failure(std::string_view doing, int error);

}  // namespace fanfetch
