// The formats that are archives of files: tar, tar.gz and zip.
#include "api/export_format.hpp"
#include "api/result_json.hpp"
#include "archive/packer.hpp"
#include "archive/safe_name.hpp"
#include "http/server_gzip.hpp"

#include <optional>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::string_view manifest_name = "manifest.ndjson";

const std::string& url_of(const ItemRow& row) {
    return row.result->final_url.empty() ? row.item.url : row.result->final_url;
}

ResultFields manifest_fields() {
    auto fields = ResultFields::of_list();
    (void)fields.keep(
        "index,id,url,final_url,state,status,content_type,size,sha256,error,finished_at,metadata"
    );
    return fields;
}

/// A member for each stored body, and at last the manifest: a line for each item, with the name of
/// its member, and one with the totals. How long it is is counted on the way, since a member's size
/// comes before its bytes; an archive without it is not whole.
class ArchiveExport final : public ExportFormat {
public:
    ArchiveExport(JobSnapshotPtr job, WallTime now, pack_format format, bool coded)
        : job_{std::move(job)}, now_{now}, packer_{format} {
        if (coded) {
            gzip_.emplace();
        }
    }

    bool item(const ItemRow& row, std::string& out) override {
        const auto& result = *row.result;
        ++items_;
        manifest_size_ += line_of(row).size();
        if (!result.body.has_payload) {
            return false;
        }
        ++members_;
        bytes_ += result.size;
        packer_.begin(numbered_name(row.item.index, url_of(row)), result.size, result.finished_at);
        flush(out, gzip_flush::none);
        return true;
    }

    void payload(std::string_view piece, std::string& out) override {
        packer_.put(piece);
        flush(out, gzip_flush::none);
    }

    bool items_end(std::string& out) override {
        packer_.begin(manifest_name, manifest_size_ + totals().size(), now_);
        flush(out, gzip_flush::none);
        return true;
    }

    void list(const ItemRow& row, std::string& out) override {
        packer_.put(line_of(row));
        flush(out, gzip_flush::none);
    }

    void end(std::string& out) override {
        packer_.put(totals());
        packer_.finish();
        flush(out, gzip_flush::end);
    }

private:
    [[nodiscard]] std::string line_of(const ItemRow& row) const {
        static const auto fields = manifest_fields();
        std::string members;
        append_result(members, row, {job_->record.id, job_->record.options.fetch, fields});
        const auto name = row.result->body.has_payload
                              ? '"' + numbered_name(row.item.index, url_of(row)) + '"'
                              : std::string{"null"};
        return "{\"name\":" + name + ',' + members.substr(1) + '\n';
    }

    [[nodiscard]] std::string totals() const {
        return "{\"job\":\"" + job_->record.id + "\",\"items\":" + std::to_string(items_) +
               ",\"members\":" + std::to_string(members_) +
               ",\"total_size\":" + std::to_string(bytes_) + "}\n";
    }

    void flush(std::string& out, gzip_flush how) {
        auto& pending = packer_.pending();
        if (gzip_) {
            gzip_->put(pending, how, out);
        } else {
            out += pending;
        }
        pending.clear();
    }

    JobSnapshotPtr job_;
    WallTime now_;
    Packer packer_;
    std::optional<GzipEncoder> gzip_;
    std::uint64_t items_ = 0;
    std::uint64_t members_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t manifest_size_ = 0;
};

}  // namespace

std::unique_ptr<ExportFormat> make_tar_export(JobStore&, JobSnapshotPtr job, WallTime now) {
    return std::make_unique<ArchiveExport>(std::move(job), now, pack_format::tar, false);
}

std::unique_ptr<ExportFormat> make_tar_gz_export(JobStore&, JobSnapshotPtr job, WallTime now) {
    return std::make_unique<ArchiveExport>(std::move(job), now, pack_format::tar, true);
}

std::unique_ptr<ExportFormat> make_zip_export(JobStore&, JobSnapshotPtr job, WallTime now) {
    return std::make_unique<ArchiveExport>(std::move(job), now, pack_format::zip, false);
}

}  // namespace fanfetch
