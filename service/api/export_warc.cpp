// The formats of web archives: WARC, and WARC with every record in a gzip member of its own.
#include "api/export_format.hpp"
#include "api/result_json.hpp"
#include "archive/warc.hpp"
#include "http/server_gzip.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

namespace fanfetch {
namespace {

/// "192.0.2.1" of "192.0.2.1:443", "2001:db8::1" of "[2001:db8::1]:443".
std::string_view address_of(std::string_view endpoint) {
    endpoint = endpoint.substr(0, endpoint.rfind(':'));
    if (endpoint.starts_with('[') && endpoint.ends_with(']')) {
        endpoint = endpoint.substr(1, endpoint.size() - 2);
    }
    return endpoint;
}

/// A `response` record for each item that was answered and whose header was kept, a `metadata`
/// record with its result for every other.
class WarcExport final : public ExportFormat {
public:
    WarcExport(JobStore& store, JobSnapshotPtr job, WallTime now, bool coded)
        : store_{store}, job_{std::move(job)}, now_{now}, coded_{coded} {}

    void begin(std::string& out) override {
        std::string record;
        const auto* const extension = coded_ ? ".warc.gz" : ".warc";
        append_warcinfo(record, job_->record.id + extension, now_, random_);
        write(record, out);
        end_record(out);
    }

    bool item(const ItemRow& row, std::string& out) override {
        if (row.result->body.segment == 0) {
            write(metadata(row), out);
            end_record(out);
            return false;
        }
        write(response_head(row), out);
        return true;
    }

    void payload(std::string_view piece, std::string& out) override { write(piece, out); }

    void payload_end(std::string& out) override {
        write(warc_record_end, out);
        end_record(out);
    }

private:
    [[nodiscard]] std::string response_head(const ItemRow& row) {
        const auto& result = *row.result;
        const auto head = store_.read_head(result.body);
        if (!head) {
            throw std::runtime_error{"exporting a response: " + head.error().detail};
        }
        const bool whole = result.body.has_payload;
        WarcResponse response;
        response.target_url = result.final_url.empty() ? row.item.url : result.final_url;
        if (!result.attempts.empty()) {
            response.remote_address = address_of(result.attempts.back().remote_address);
        }
        response.protocol = result.http_version == "2" ? "h2" : "";
        response.fetched_at = result.finished_at;
        response.payload_digest = whole && result.sha256 ? &*result.sha256 : nullptr;
        response.block_length = head->size() + 2 + (whole ? result.size : 0);
        response.payload_left_out = !whole;
        std::string text;
        append_warc_response(text, response, random_);
        text.append(*head).append("\r\n");
        return text;
    }

    [[nodiscard]] std::string metadata(const ItemRow& row) {
        static const auto fields = ResultFields::of_list();
        std::string json;
        append_result(json, row, {job_->record.id, job_->record.options.fetch, fields});
        WarcMetadata about;
        about.target_url = row.item.url;
        about.made_at = row.result->finished_at;
        about.block_length = json.size();
        std::string text;
        append_warc_metadata(text, about, random_);
        return text.append(json).append(warc_record_end);
    }

    void write(std::string_view bytes, std::string& out) {
        if (!coded_) {
            out += bytes;
            return;
        }
        if (!member_) {
            member_.emplace();
        }
        member_->put(bytes, gzip_flush::none, out);
    }

    void end_record(std::string& out) {
        if (member_) {
            member_->put({}, gzip_flush::end, out);
            member_.reset();
        }
    }

    JobStore& store_;
    JobSnapshotPtr job_;
    WallTime now_;
    bool coded_;
    FastRandom random_;
    std::optional<GzipEncoder> member_;  // of the record being written
};

}  // namespace

std::unique_ptr<ExportFormat> make_warc_export(JobStore& store, JobSnapshotPtr job, WallTime now) {
    return std::make_unique<WarcExport>(store, std::move(job), now, false);
}

std::unique_ptr<ExportFormat> make_warc_gz_export(
    JobStore& store, JobSnapshotPtr job, WallTime now
) {
    return std::make_unique<WarcExport>(store, std::move(job), now, true);
}

}  // namespace fanfetch
