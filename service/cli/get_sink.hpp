#pragma once

#include "cli/get_files.hpp"
#include "cli/get_input.hpp"
#include "cli/get_lineup.hpp"
#include "cli/get_report.hpp"
#include "cli/get_warc.hpp"
#include "fetch/fetcher.hpp"

namespace fanfetch {

/// Where the end of an item goes: into a file, into the archive, and into the report, which hears
/// of it when the file has its name.
///
/// Errors   a disk that refuses, and any exception, makes the item an error; the others go on
/// Threads  any thread; calls block on the disk
class GetSink {
public:
    struct Parts {
        const OutputDirectory* directory = nullptr;  ///< where long bodies are already
        WarcFile* warc = nullptr;                    ///< null: no archive
        bool files = true;
        GetReport* report = nullptr;
        ProgressCounter* progress = nullptr;
    };
    explicit GetSink(Parts parts) noexcept : parts_{parts} {}

    void take(const GetItem& item, FetchOutcome& outcome);
    /// An entry that is no URL.
    void refuse(const ListedUrl& entry, std::uint64_t index, const Failure& failure);

private:
    Expected<std::string> store(const GetItem& item, FetchOutcome& outcome);
    Expected<void> archive(const GetItem& item, FetchOutcome& outcome, const PartFile* body);

    Parts parts_;
};

}  // namespace fanfetch
