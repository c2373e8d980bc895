#include "api/results.hpp"

#include "api/parameters.hpp"
#include "api/result_row.hpp"
#include "coro/run_in_executor.hpp"
#include "http/router_query.hpp"

#include <utility>

namespace fanfetch {
namespace {

Expected<ResultFilter> read_list_query(const QueryParameters& query, bool lines) {
    auto filter = read_result_filter(query);
    if (!filter) {
        return filter.error();
    }
    const auto follow = flag_parameter(query, "follow", false);
    if (!follow) {
        return follow.error();
    }
    const auto* order = find_parameter(query, "order");
    const auto* after = find_parameter(query, "after");
    const bool by_seq = order != nullptr ? *order == "completed" : *follow || after != nullptr;
    if (order != nullptr && *order != "completed" && *order != "submitted") {
        return failed(
            failure_code::api_bad_parameter, "reading order: submitted or completed is wanted"
        );
    }
    if (!lines && (*follow || find_parameter(query, "timeout") != nullptr)) {
        return failed(
            failure_code::api_bad_parameter,
            "reading follow: only application/x-ndjson can be followed"
        );
    }
    filter->order = by_seq ? result_order::completed : result_order::submitted;
    const auto position = page_position(query, by_seq ? 's' : 'i');
    if (!position) {
        return position.error();
    }
    filter->after = *position;
    if (after != nullptr) {
        const auto seq = number_parameter(query, "after", 0, 0, UINT64_MAX / 2);
        if (!seq) {
            return seq.error();
        }
        if (!by_seq) {
            return failed(
                failure_code::api_bad_parameter, "reading after: it goes with order=completed"
            );
        }
        filter->after = *seq;
    }
    return filter;
}

}  // namespace

void ResultsApi::add_routes(Routes& routes) {
    const auto bind = [this](auto member) {
        return [this, member](HttpRequest& request) { return (this->*member)(request); };
    };
    routes.add(http::verb::get, "/v1/jobs/{id}/results", scope::read, bind(&ResultsApi::list));
    routes.add(
        http::verb::get, "/v1/jobs/{id}/results/{index}", scope::read, bind(&ResultsApi::one)
    );
}

/// GET /v1/jobs/{id}/results: a page as JSON, or all of it as lines.
awaitable<HttpReply> ResultsApi::list(HttpRequest& request) {
    if (auto fault = check_query(
            request.query, {"order", "state", "code", "host", "fields", "include", "page_size",
                            "page_token", "follow", "after", "timeout"}
        )) {
        co_return problem_reply(*fault);
    }
    const bool lines = asks_for(request, "application/x-ndjson");
    auto filter = read_list_query(request.query, lines);
    if (!filter) {
        co_return problem_reply(filter.error());
    }
    const auto& id = request.path_parameters.at("id");
    auto job = co_await context_.jobs->find(id, tenant_of(request));
    if (!job) {
        co_return problem_reply(job.error());
    }
    if (!lines) {
        auto reply = co_await page(request, **job, std::move(*filter));
        co_return reply;
    }
    FollowOrder order;
    order.job_id = id;
    order.tenant = tenant_of(request);
    order.filter = std::move(*filter);
    order.follow = flag_parameter(request.query, "follow", false).value();
    if (find_parameter(request.query, "timeout") != nullptr) {
        const auto limit =
            duration_parameter(request.query, "timeout", std::chrono::milliseconds{0});
        if (!limit) {
            co_return problem_reply(limit.error());
        }
        order.limit = *limit;
    }
    HttpReply reply;
    reply.set("Content-Type", "application/x-ndjson");
    reply.set("Cache-Control", "no-store");
    reply.stream = line_stream(context_, std::move(order));
    co_return reply;
}

awaitable<HttpReply> ResultsApi::page(
    const HttpRequest& request, const JobSnapshot& job, ResultFilter filter
) {
    const auto size = number_parameter(request.query, "page_size", 100, 1, 1000);
    if (!size) {
        co_return problem_reply(size.error());
    }
    const char order = filter.order == result_order::completed ? 's' : 'i';
    BatchLimits limits;
    limits.results = *size;
    auto shared = std::make_shared<JobSnapshot>(job);
    auto batch = co_await next_results(*context_.jobs, shared, std::move(filter), limits);

    // A token is given until there is certainly nothing more: the job is done and all was read.
    const bool more = !batch.exhausted || !job.done();
    const auto token = page_token(order, batch.next);
    std::string body;
    body.reserve(batch.bytes + batch.texts.size() + 64);
    body += "{\"results\":[";
    for (const auto& text : batch.texts) {
        body += body.back() == '[' ? "" : ",";
        body += text;
    }
    body += "],\"next_page_token\":";
    body += more ? '"' + token + '"' : "null";
    body += '}';
    auto reply = json_reply(http::status::ok, std::move(body));
    if (more) {
        // A token goes on where `after` began, and needs its order said.
        auto query = request.query;
        std::erase_if(query, [](const auto& parameter) {
            return parameter.first == "after" || parameter.first == "order";
        });
        query.emplace_back("order", order == 's' ? "completed" : "submitted");
        reply.set("Link", next_page_link("/v1/jobs/" + job.record.id + "/results", query, token));
    }
    co_return reply;
}

/// GET /v1/jobs/{id}/results/{index}: with headers and every attempt.
awaitable<HttpReply> ResultsApi::one(HttpRequest& request) {
    if (auto fault = check_query(request.query, {"fields", "include"})) {
        co_return problem_reply(*fault);
    }
    auto filter = read_result_filter(request.query);
    if (!filter) {
        co_return problem_reply(filter.error());
    }
    auto fields = ResultFields::of_single();
    if (const auto* text = find_parameter(request.query, "fields")) {
        (void)fields.keep(*text);  // judged above
    }
    if (const auto* text = find_parameter(request.query, "include")) {
        (void)fields.include(*text);
    }
    auto row = co_await find_result_row(context_, request);
    if (!row) {
        co_return problem_reply(row.error());
    }
    auto job = co_await context_.jobs->find(request.path_parameters.at("id"), tenant_of(request));
    if (!job) {
        co_return problem_reply(job.error());
    }
    auto positions = co_await positions_of(*context_.jobs, **job);
    auto write = [store = &context_.jobs->store(), job = *job, row = std::move(*row), fields,
                  positions = std::move(positions)] {
        return result_text(*store, job->record, row, fields, positions);
    };
    auto text = co_await run_in_executor(context_.jobs->blocking(), std::move(write));
    co_return json_reply(http::status::ok, std::move(text));
}

}  // namespace fanfetch
