#include "cli/get_ends.hpp"

#include "base/time.hpp"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace fanfetch {
namespace {

namespace fs = std::filesystem;

std::string directory_of(const fs::path& file) {
    return file.has_parent_path() ? file.parent_path().string() : ".";
}

Expected<void> open_archive(GetEnds& ends, const fs::path& path, ProgressCounter& archived) {
    std::error_code ignored;
    if (!path.has_filename() || fs::is_directory(path, ignored)) {
        return failed(
            failure_code::request_invalid, "making " + path.string() + ": it is a directory"
        );
    }
    auto directory = OutputDirectory::open(directory_of(path), archived);
    if (!directory) {
        return directory.error();
    }
    ends.archive_directory = std::move(*directory);
    auto warc =
        WarcFile::create(*ends.archive_directory, path.filename().string(), system_clock().wall());
    if (!warc) {
        return warc.error();
    }
    ends.warc = std::move(*warc);
    return {};
}

}  // namespace

Expected<GetEnds> open_ends(
    const GetPlan& plan, ProgressCounter& fetched, ProgressCounter& archived
) {
    GetEnds ends;
    if (plan.input) {
        auto input = UrlInput::open(*plan.input);
        if (!input) {
            return input.error();
        }
        ends.input.emplace(std::move(*input));
    }
    const auto path = plan.directory ? *plan.directory : directory_of(*plan.warc);
    auto directory = OutputDirectory::open(path, fetched);
    if (!directory) {
        return directory.error();
    }
    ends.directory = std::move(*directory);
    if (plan.warc) {
        if (auto opened = open_archive(ends, *plan.warc, archived); !opened) {
            return opened.error();
        }
    }
    return ends;
}

}  // namespace fanfetch
