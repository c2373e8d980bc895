// The formats that are text: NDJSON and CSV.
#include "api/export_format.hpp"
#include "api/result_list.hpp"
#include "archive/csv.hpp"
#include "model/item_extras.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace fanfetch {
namespace {

/// A line for each item, as the single result shows it.
class NdjsonExport final : public ExportFormat {
public:
    NdjsonExport(JobStore& store, JobSnapshotPtr job) : store_{store}, job_{std::move(job)} {}

    bool item(const ItemRow& row, std::string& out) override {
        static const auto fields = ResultFields::of_single();
        out += result_text(store_, job_->record, row, fields);
        out += '\n';
        return false;
    }

private:
    JobStore& store_;
    JobSnapshotPtr job_;
};

/// The text that a JSON text is of; anything else as it stands.
std::string plain_text(std::string_view json_text) {
    boost::json::error_code error;
    const auto value = boost::json::parse(json_text, error);
    const auto* const text = error ? nullptr : value.if_string();
    return std::string{text == nullptr ? json_text : std::string_view{*text}};
}

std::string hex(const Sha256& digest) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const auto byte : digest) {
        text += digits[byte >> 4U];
        text += digits[byte & 0x0FU];
    }
    return text;
}

/// A line for each item, without what does not fit into a cell.
class CsvExport final : public ExportFormat {
public:
    void begin(std::string& out) override {
        constexpr std::array names{
            "index",      "seq",          "id",           "url",     "final_url",
            "state",      "status",       "content_type", "size",    "wire_size",
            "sha256",     "http_version", "error",        "detail",  "attempts_made",
            "started_at", "finished_at",  "total_us",     "metadata"};
        CsvLine line{out};
        std::ranges::for_each(names, [&line](const auto* name) { line.text(name); });
    }

    bool item(const ItemRow& row, std::string& out) override {
        const auto& result = *row.result;
        const auto label = item_label(row.item.extras);
        const bool answered = result.status != 0;
        CsvLine line{out};
        const auto number_if = [&line](bool there, std::uint64_t value) {
            there ? line.number(value) : line.nothing();
        };
        const auto time = [&line](WallTime value) {
            value == WallTime{} ? line.nothing() : line.text(to_rfc3339(value));
        };
        line.number(row.item.index);
        line.number(result.seq);
        line.text(plain_text(label.id));
        line.text(row.item.url);
        line.text(answered ? (result.final_url.empty() ? row.item.url : result.final_url) : "");
        line.text(to_string(result.state));
        number_if(answered, result.status);
        line.text(result.content_type);
        number_if(answered, result.size);
        number_if(answered, result.wire_size);
        line.text(result.sha256 ? hex(*result.sha256) : "");
        line.text(result.http_version);
        line.text(result.code == failure_code::none ? "" : dotted(result.code, result.status));
        line.text(result.detail);
        line.number(result.attempts_made);
        time(result.started_at);
        time(result.finished_at);
        line.number(
            static_cast<std::uint64_t>(std::max<std::int64_t>(result.timing.total.count(), 0))
        );
        line.text(label.metadata);
        return false;
    }
};

}  // namespace

std::unique_ptr<ExportFormat> make_ndjson_export(JobStore& store, JobSnapshotPtr job, WallTime) {
    return std::make_unique<NdjsonExport>(store, std::move(job));
}

std::unique_ptr<ExportFormat> make_csv_export(JobStore&, JobSnapshotPtr, WallTime) {
    return std::make_unique<CsvExport>();
}

}  // namespace fanfetch
