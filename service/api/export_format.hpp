#pragma once

#include "job/job_snapshot.hpp"
#include "store/job_store.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace fanfetch {

/// What one format makes of the items of a job. Everything is appended to the text given, bounded
/// by what is put in.
///
/// Errors   exceptions, when what was announced does not come true: the export is broken off
/// Threads  one owner at a time; calls may block on the store
class ExportFormat {
public:
    virtual ~ExportFormat() = default;

    virtual void begin(std::string& /*out*/) {}
    /// An item with a result, in submission order. True: its payload is wanted.
    virtual bool item(const ItemRow& row, std::string& out) = 0;
    virtual void payload(std::string_view /*piece*/, std::string& /*out*/) {}
    virtual void payload_end(std::string& /*out*/) {}
    /// Every item was shown. True: once more, by `list`.
    virtual bool items_end(std::string& /*out*/) { return false; }
    virtual void list(const ItemRow& /*row*/, std::string& /*out*/) {}
    virtual void end(std::string& /*out*/) {}
};

/// What a format is known by.
struct ExportKind {
    std::string_view name;  ///< as `format=` says it
    std::string_view content_type;
    std::string_view extension;
    /// More items than this are refused; 0: there is no limit.
    std::uint64_t most_items = 0;
    std::unique_ptr<ExportFormat> (*make)(JobStore& store, JobSnapshotPtr job, WallTime now);
};

/// The format of that name; null when there is none.
[[nodiscard]] const ExportKind* find_export_kind(std::string_view name) noexcept;

// The makers, by file.
std::unique_ptr<ExportFormat> make_ndjson_export(JobStore& store, JobSnapshotPtr job, WallTime now);
std::unique_ptr<ExportFormat> make_csv_export(JobStore& store, JobSnapshotPtr job, WallTime now);
std::unique_ptr<ExportFormat> make_tar_export(JobStore& store, JobSnapshotPtr job, WallTime now);
std::unique_ptr<ExportFormat> make_tar_gz_export(JobStore& store, JobSnapshotPtr job, WallTime now);
std::unique_ptr<ExportFormat> make_zip_export(JobStore& store, JobSnapshotPtr job, WallTime now);
std::unique_ptr<ExportFormat> make_warc_export(JobStore& store, JobSnapshotPtr job, WallTime now);
std::unique_ptr<ExportFormat> make_warc_gz_export(
    JobStore& store, JobSnapshotPtr job, WallTime now
);

}  // namespace fanfetch
