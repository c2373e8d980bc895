#include "api/report.hpp"

#include "api/report_line.hpp"
#include "api/result_list.hpp"
#include "coro/run_in_executor.hpp"
#include "http/router_query.hpp"
#include "http/server_negotiation.hpp"

#include <stdexcept>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::size_t rows_at_a_time = 500;
constexpr std::uint64_t bytes_at_a_time = 48U << 10U;

struct Piece {
    std::string text;
    std::uint64_t next = 0;
    bool at_end = false;
};

/// How the requests are strung together.
struct ReportForm {
    std::string_view begin;
    std::string_view between;
    std::string_view end;
};
constexpr ReportForm as_lines{"", "\n", "\n"};
constexpr ReportForm as_document{R"({"requests":[)", ",\n", "]}\n"};

/// Reads on from the item `next`. Blocks on the store.
Piece read_piece(
    JobStore& store, const JobRecord& job, const ResultFilter& filter, std::string_view between,
    bool any
) {
    Piece piece;
    ResultQuery query;
    query.job_id = job.id;
    query.after = filter.after;
    query.limit = rows_at_a_time;
    query.max_bytes = bytes_at_a_time;
    const auto rows = store.items_by_index(query);
    piece.next = filter.after;
    piece.at_end = rows.empty();
    if (rows.empty() && filter.after < job.total) {
        throw std::runtime_error{"reporting a job: it is gone"};  // the client sees the truncation
    }
    for (const auto& row : rows) {
        if (piece.text.size() >= bytes_at_a_time) {
            break;
        }
        piece.next = row.item.index + 1;
        if (row.result && filter.matches(row)) {
            piece.text += any || !piece.text.empty() ? between : std::string_view{};
            append_report_line(piece.text, row, job.options.fetch);
        }
    }
    return piece;
}

/// One client's report.
class ReportStream {
public:
    ReportStream(ApiContext& context, JobSnapshotPtr job, ResultFilter filter, ReportForm form)
        : context_{context}, job_{std::move(job)}, filter_{std::move(filter)}, form_{form} {}

    awaitable<void> run(ResponseStream& out);

private:
    ApiContext& context_;
    JobSnapshotPtr job_;
    ResultFilter filter_;
    ReportForm form_;
};

awaitable<void> ReportStream::run(ResponseStream& out) {
    bool any = false;
    bool at_end = false;
    bool sent = co_await out.write(form_.begin);
    while (sent && !at_end) {
        auto read = [store = &context_.jobs->store(), job = job_, filter = filter_,
                     between = form_.between,
                     any] { return read_piece(*store, job->record, filter, between, any); };
        auto piece = co_await run_in_executor(context_.jobs->blocking(), std::move(read));
        filter_.after = piece.next;
        at_end = piece.at_end || piece.next >= job_->record.total;
        any = any || !piece.text.empty();
        sent = co_await out.write(piece.text);
    }
    if (sent && (any || form_.begin == as_document.begin)) {
        co_await out.write(form_.end);
    }
}

}  // namespace

void ReportApi::add_routes(Routes& routes) {
    routes.add(http::verb::get, "/v1/jobs/{id}/report", scope::read, [this](HttpRequest& request) {
        return report(request);
    });
}

/// GET /v1/jobs/{id}/report: what failed so far, in submission order.
awaitable<HttpReply> ReportApi::report(HttpRequest& request) {
    if (auto fault = check_query(request.query, {"state", "code", "host"})) {
        co_return problem_reply(*fault);
    }
    const auto type = choose_media_type(
        header_of(request, http::field::accept), {"application/x-ndjson", "application/json"}
    );
    if (!type) {
        co_return problem_reply(failed(
            failure_code::api_not_acceptable,
            "reading Accept: a report is application/x-ndjson or application/json"
        ));
    }
    auto filter = read_result_filter(request.query);
    if (!filter) {
        co_return problem_reply(filter.error());
    }
    if (!filter->states) {
        filter->states.emplace();
        filter->states->set(static_cast<std::size_t>(item_state::failed));
    }
    auto job = co_await context_.jobs->find(request.path_parameters.at("id"), tenant_of(request));
    if (!job) {
        co_return problem_reply(job.error());
    }
    const auto form = *type == "application/json" ? as_document : as_lines;
    auto stream = std::make_shared<ReportStream>(context_, *job, std::move(*filter), form);
    HttpReply reply;
    reply.set("Content-Type", std::string{*type});
    reply.set("Cache-Control", "no-store");
    reply.stream = [stream](ResponseStream& out) { return stream->run(out); };
    co_return reply;
}

}  // namespace fanfetch
