#include "api/export_source.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::size_t rows_at_a_time = 200;
constexpr std::uint64_t row_bytes_at_a_time = 64U << 10U;
constexpr std::uint64_t body_bytes_at_a_time = 64U << 10U;
/// What is worth a hop to the pool and back.
constexpr std::size_t bytes_at_a_time = 64U << 10U;
/// A filter that lets nothing through gives the thread back now and then.
constexpr int reads_at_a_time = 100;

}  // namespace

ExportSource::ExportSource(
    JobStore& store, JobSnapshotPtr job, ResultFilter filter, std::unique_ptr<ExportFormat> format
)
    : store_{store}, job_{std::move(job)}, filter_{std::move(filter)}, format_{std::move(format)} {}

std::string ExportSource::next() {
    std::string out;
    if (!std::exchange(begun_, true)) {
        format_->begin(out);
    }
    for (int reads = 0; out.size() < bytes_at_a_time && !ended_ && reads < reads_at_a_time;) {
        reads += rows_.empty() ? 1 : 0;
        step(out);
    }
    return out;
}

void ExportSource::step(std::string& out) {
    if (payload_) {
        read_body(out);
        return;
    }
    if (rows_.empty() && !read_rows()) {
        pass_end(out);
        return;
    }
    const auto row = std::move(rows_.front());
    rows_.pop_front();
    if (row.result && row.result->seq <= job_->record.last_seq && filter_.matches(row)) {
        show(row, out);
    }
}

void ExportSource::show(const ItemRow& row, std::string& out) {
    if (listing_) {
        format_->list(row, out);
        return;
    }
    if (format_->item(row, out)) {
        const auto& result = *row.result;
        payload_ = Payload{result.body, result.body.has_payload ? result.size : 0, 0};
    }
}

void ExportSource::read_body(std::string& out) {
    auto& payload = *payload_;
    if (payload.at < payload.size) {
        const auto length = std::min(body_bytes_at_a_time, payload.size - payload.at);
        const auto piece = store_.read_payload(payload.body, payload.at, length);
        if (!piece || piece->size() != length) {
            throw std::runtime_error{"exporting a body: it cannot be read"};
        }
        payload.at += length;
        format_->payload(*piece, out);
    }
    if (payload.at == payload.size) {
        payload_.reset();
        format_->payload_end(out);
    }
}

/// False when there are no further items.
bool ExportSource::read_rows() {
    if (next_index_ >= job_->record.total) {
        return false;
    }
    ResultQuery query;
    query.job_id = job_->record.id;
    query.after = next_index_;
    query.limit = std::min<std::uint64_t>(rows_at_a_time, job_->record.total - next_index_);
    query.max_bytes = row_bytes_at_a_time;
    query.with_attempts = !listing_;
    auto rows = store_.items_by_index(query);
    if (rows.empty()) {
        throw std::runtime_error{"exporting a job: it is gone"};
    }
    next_index_ = rows.back().item.index + 1;
    rows_.assign(std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
    return true;
}

void ExportSource::pass_end(std::string& out) {
    if (!listing_ && format_->items_end(out)) {
        listing_ = true;
        next_index_ = 0;
        return;
    }
    format_->end(out);
    ended_ = true;
}

}  // namespace fanfetch
