#pragma once

#include "base/expected.hpp"
#include "batch/progress.hpp"
#include "cli/get_files.hpp"
#include "cli/get_input.hpp"
#include "cli/get_plan.hpp"
#include "cli/get_warc.hpp"

#include <memory>
#include <optional>

namespace fanfetch {

/// What a batch reads its list from and writes into.
struct GetEnds {
    std::optional<UrlInput> input;               ///< none: arguments only
    std::unique_ptr<OutputDirectory> directory;  ///< of the files; beside the archive without any
    std::unique_ptr<OutputDirectory> archive_directory;
    std::unique_ptr<WarcFile> warc;  ///< null: no archive
};

/// Opens all of it, so that what cannot be is said before anything is fetched.
///
/// `fetched` counts what goes into the files, `archived` what goes into the archive.
///
/// Errors   request_invalid and those of the files
[[nodiscard]] Expected<GetEnds> open_ends(
    const GetPlan& plan, ProgressCounter& fetched, ProgressCounter& archived
);

}  // namespace fanfetch
