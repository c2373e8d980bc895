#include "api/export.hpp"

#include "api/export_source.hpp"
#include "coro/run_in_executor.hpp"
#include "http/router_query.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace fanfetch {
namespace {

/// The directory of a zip archive is at its end, so its writer remembers all of it.
constexpr std::uint64_t most_zip_items = 100'000;

constexpr std::array kinds{
    ExportKind{"ndjson", "application/x-ndjson", "ndjson", 0, make_ndjson_export},
    ExportKind{"csv", "text/csv; charset=utf-8; header=present", "csv", 0, make_csv_export},
    ExportKind{"tar", "application/x-tar", "tar", 0, make_tar_export},
    ExportKind{"tar.gz", "application/gzip", "tar.gz", 0, make_tar_gz_export},
    ExportKind{"zip", "application/zip", "zip", most_zip_items, make_zip_export},
    ExportKind{"warc", "application/warc", "warc", 0, make_warc_export},
    ExportKind{"warc.gz", "application/gzip", "warc.gz", 0, make_warc_gz_export},
};

StreamProducer export_stream(Executor& blocking, std::shared_ptr<ExportSource> source) {
    return [&blocking, source = std::move(source)](ResponseStream& out) -> awaitable<void> {
        bool sent = true;
        while (sent && !source->ended()) {
            auto read = [source] { return source->next(); };
            const auto piece = co_await run_in_executor(blocking, std::move(read));
            sent = co_await out.write(piece);
        }
    };
}

}  // namespace

const ExportKind* find_export_kind(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(kinds, name, &ExportKind::name);
    return found == kinds.end() ? nullptr : found;
}

void ExportApi::add_routes(Routes& routes) {
    routes.add(http::verb::get, "/v1/jobs/{id}/export", scope::read, [this](HttpRequest& request) {
        return download(request);
    });
}

/// GET /v1/jobs/{id}/export: what has ended so far, in submission order.
awaitable<HttpReply> ExportApi::download(HttpRequest& request) {
    if (auto fault = check_query(request.query, {"format", "state", "code", "host"})) {
        co_return problem_reply(*fault);
    }
    const auto* const name = find_parameter(request.query, "format");
    const auto* const kind = find_export_kind(name == nullptr ? "ndjson" : std::string_view{*name});
    if (kind == nullptr) {
        co_return problem_reply(failed(
            failure_code::api_bad_parameter,
            "reading format: ndjson, csv, tar, tar.gz, zip, warc or warc.gz is wanted"
        ));
    }
    auto filter = read_result_filter(request.query);
    if (!filter) {
        co_return problem_reply(filter.error());
    }
    auto job = co_await context_.jobs->find(request.path_parameters.at("id"), tenant_of(request));
    if (!job) {
        co_return problem_reply(job.error());
    }
    const auto& record = (*job)->record;
    if (kind->most_items != 0 && record.total > kind->most_items) {
        co_return problem_reply(failed(
            failure_code::api_bad_parameter, "reading format: zip takes at most " +
                                                 std::to_string(kind->most_items) +
                                                 " items, tar takes any number"
        ));
    }
    auto& store = context_.jobs->store();
    auto source = std::make_shared<ExportSource>(
        store, *job, std::move(*filter), kind->make(store, *job, context_.clock->wall())
    );
    HttpReply reply;
    reply.set("Content-Type", std::string{kind->content_type});
    reply.set(
        "Content-Disposition",
        "attachment; filename=\"" + record.id + '.' + std::string{kind->extension} + '"'
    );
    reply.set("X-Content-Type-Options", "nosniff");
    reply.set("Content-Security-Policy", "sandbox; default-src 'none'");
    reply.set("Cache-Control", "no-store");
    reply.stream = export_stream(context_.jobs->blocking(), std::move(source));
    co_return reply;
}

}  // namespace fanfetch
