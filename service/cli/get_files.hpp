#pragma once

#include "batch/progress.hpp"
#include "fetch/body_spill.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace fanfetch {

class OutputDirectory;

/// A file in the making. It has a temporary name until someone keeps it; destroyed before, it
/// leaves nothing behind.
///
/// Errors   disk_low when the disk is full, else store_unavailable
/// Threads  one caller at a time; every call blocks on the disk
class PartFile final : public SpilledBody {
public:
    ~PartFile() override;
    PartFile(const PartFile&) = delete;
    PartFile& operator=(const PartFile&) = delete;

    Expected<void> append(std::string_view bytes) override;
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    /// Drops what was appended after the file had this size.
    [[nodiscard]] Expected<void> cut_to(std::uint64_t size);

    /// Reads it back, piece after piece, until `take` fails or everything was taken.
    using Take = std::function<Expected<void>(std::string_view piece)>;
    [[nodiscard]] Expected<void> read_back(const Take& take) const;

    /// Waits until the disk has it.
    [[nodiscard]] Expected<void> sync();

    /// What it is called until it is kept.
    [[nodiscard]] const std::string& temporary() const noexcept { return temporary_; }

    /// Gives the file its final name; one that bore it is replaced.
    [[nodiscard]] Expected<void> keep_as(const std::string& name);

private:
    friend class OutputDirectory;
    PartFile(const OutputDirectory& directory, std::string temporary, int fd) noexcept;

    const OutputDirectory& directory_;
    std::string temporary_;  // empty once it is kept
    int fd_;
    std::uint64_t size_ = 0;
};

/// The directory that files are fetched into. Everything happens relative to its descriptor, so a
/// directory that is moved meanwhile stays the one that was meant.
///
/// Threads  any thread
class OutputDirectory final : public BodySpill {
public:
    /// Opens it, and makes it if need be. `written` counts the bytes that reach its files.
    ///
    /// Errors   request_invalid when it cannot be had
    [[nodiscard]] static Expected<std::unique_ptr<OutputDirectory>> open(
        const std::string& path, ProgressCounter& written
    );
    ~OutputDirectory() override;
    OutputDirectory(const OutputDirectory&) = delete;
    OutputDirectory& operator=(const OutputDirectory&) = delete;

    [[nodiscard]] Expected<std::unique_ptr<PartFile>> create() const;
    Expected<std::unique_ptr<SpilledBody>> begin() override;

    /// Where a file of that name is, for people.
    [[nodiscard]] std::string path_of(std::string_view name) const;

private:
    friend class PartFile;
    OutputDirectory(std::string path, int fd, ProgressCounter& written) noexcept;

    std::string path_;
    int fd_;
    ProgressCounter& written_;
};

}  // namespace fanfetch
