#pragma once

#include "base/random.hpp"
#include "cli/get_files.hpp"
#include "model/result.hpp"
#include "store/job_store.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace fanfetch {

/// The archive that a batch writes its responses into: a WARC file, begun by a `warcinfo` record.
///
/// It holds whole records only, and gets its name when it is finished.
///
/// Errors   as PartFile; a record that could not be written is taken back
/// Threads  any thread; calls block on the disk and on each other
class WarcFile {
public:
    /// `directory` outlives the file.
    [[nodiscard]] static Expected<std::unique_ptr<WarcFile>> create(
        const OutputDirectory& directory, std::string name, WallTime now
    );

    /// Appends a response. Its payload is in the record, or in `body` when that is not null.
    [[nodiscard]] Expected<void> add(
        const ResponseRecord& response, const Sha256& digest, const PartFile* body
    );

    /// Gives the file its name. Nothing is added after that.
    [[nodiscard]] Expected<void> finish();

private:
    WarcFile(std::unique_ptr<PartFile> file, std::string name) noexcept
        : file_{std::move(file)}, name_{std::move(name)} {}

    Expected<void> write(
        const std::string& front, const std::string& payload, const PartFile* body
    );

    std::mutex mutex_;
    std::unique_ptr<PartFile> file_;
    std::string name_;
    FastRandom random_;
};

}  // namespace fanfetch
