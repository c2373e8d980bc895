#include "api/health.hpp"

#include "api/openapi.hpp"
#include "http/content_coding.hpp"
#include "http/router_query.hpp"

#include <boost/json.hpp>

#include <utility>

namespace fanfetch {

namespace json = boost::json;

bool is_essential(const HttpRequest& request) {
    return request.path == "/livez" || request.path == "/readyz" || request.path == "/metrics";
}

void HealthApi::add_routes(Routes& routes) {
    const auto bind = [this](auto member) {
        return [this, member](HttpRequest& request) { return (this->*member)(request); };
    };
    routes.add_open(http::verb::get, "/livez", bind(&HealthApi::livez));
    routes.add_open(http::verb::get, "/readyz", bind(&HealthApi::readyz));
    routes.add(http::verb::get, "/metrics", scope::admin, bind(&HealthApi::metrics));
    routes.add_open(http::verb::get, "/openapi.json", bind(&HealthApi::openapi));
    routes.add(http::verb::get, "/v1/capabilities", scope::read, bind(&HealthApi::capabilities));
}

/// The process answers; nothing more is promised.
awaitable<HttpReply> HealthApi::livez(HttpRequest&) {
    co_return json_reply(http::status::ok, R"({"status":"ok"})");
}

/// Whether new work is taken: the store can be written, the parser's workers start, and nobody is
/// shutting down.
awaitable<HttpReply> HealthApi::readyz(HttpRequest&) {
    if (context_.jobs->draining()) {
        co_return problem_reply(
            failed(failure_code::draining, "checking readiness: the service is shutting down")
        );
    }
    if (auto writable = context_.jobs->store().writable(); !writable) {
        co_return problem_reply(writable.error());
    }
    if (auto why = context_.extractor->broken()) {
        co_return problem_reply(failed(
            failure_code::extract_failed, "checking readiness: no document can be parsed: " + *why
        ));
    }
    co_return json_reply(http::status::ok, R"({"status":"ready"})");
}

awaitable<HttpReply> HealthApi::metrics(HttpRequest&) {
    HttpReply reply;
    reply.set("Content-Type", std::string{MetricRegistry::content_type});
    context_.metrics->write(reply.body);
    co_return reply;
}

awaitable<HttpReply> HealthApi::openapi(HttpRequest&) {
    co_return json_reply(http::status::ok, std::string{openapi_document()});
}

/// What this build can do, and its limits.
awaitable<HttpReply> HealthApi::capabilities(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto& settings = *context_.settings;
    json::object limits;
    limits["max_items_per_job"] = settings.limits.max_items_per_job;
    limits["max_json_body_bytes"] = settings.limits.max_json_body.bytes;
    limits["max_gather_items"] = 10'000;
    limits["max_concurrency"] = settings.job.max_concurrency;
    limits["max_body_bytes"] = settings.limits.max_body_bytes.bytes;
    limits["max_total_timeout_ms"] = settings.limits.max_total_timeout.count();
    limits["max_redirects"] = settings.limits.max_redirects;
    limits["max_wait_ms"] = settings.limits.max_wait.count();
    json::object all;
    all["version"] = FANFETCH_VERSION;
    all["limits"] = std::move(limits);
    all["submit_formats"] = {
        "application/json", "application/x-ndjson", "text/plain", "text/csv",
        "text/tab-separated-values"};
    all["submit_codings"] = {"gzip", "zstd"};
    all["result_formats"] = {"application/json", "application/x-ndjson"};
    all["protocols"] = {"http/1.1", "h2"};
    all["schemes"] = {"http", "https"};
    all["content_codings"] = {"gzip", "deflate", "br", "zstd"};
    all["extract"] = {"title", "links", "text", "meta"};
    all["robots"] = {"ignore", "obey"};
    all["reuse"] = {"conditional", "dedupe", "max_age"};
    all["tls_versions"] = {"TLSv1.2", "TLSv1.3"};
    co_return json_reply(http::status::ok, json::serialize(all));
}

}  // namespace fanfetch
