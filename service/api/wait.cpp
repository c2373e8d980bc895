#include "api/wait.hpp"

#include "api/json_body.hpp"
#include "api/json_writer.hpp"
#include "api/parameters.hpp"
#include "api/waiting.hpp"
#include "http/router_query.hpp"
#include "model/json_member.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

namespace fanfetch {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t longest_body = 256U << 10U;
/// Each is looked up and watched; whoever has more to wait for has a list.
constexpr std::size_t most_jobs = 1'000;
constexpr std::size_t longest_id = 64;
/// What makes sense as a timeout; what is waited is limits.max_wait at most.
constexpr milliseconds longest_timeout = std::chrono::hours{24 * 365};

struct WaitOrder {
    std::vector<std::string> jobs;
    std::optional<milliseconds> timeout;
    WaitCondition condition;
};

struct NoContext {};
using OrderRow = MemberRow<WaitOrder, NoContext>;

constexpr std::array order_rows{
    OrderRow{
        "jobs",
        [](const JsonMember& member, WaitOrder& order, const NoContext&) -> Fault {
            std::unordered_set<std::string> known;
            return read_list(member, most_jobs, [&](const JsonMember& element) -> Fault {
                std::string id;
                if (auto fault = read_text(element, longest_id, id)) {
                    return fault;
                }
                if (known.insert(id).second) {
                    order.jobs.push_back(std::move(id));
                }
                return std::nullopt;
            });
        }},
    OrderRow{
        "timeout",
        [](const JsonMember& member, WaitOrder& order, const NoContext&) -> Fault {
            return read_duration(member, milliseconds{0}, longest_timeout, order.timeout.emplace());
        }},
    OrderRow{
        "return_when",
        [](const JsonMember& member, WaitOrder& order, const NoContext&) -> Fault {
            const auto* const text = member.value().if_string();
            const auto condition = text == nullptr ? std::nullopt : parse_condition(*text);
            if (!condition) {
                return member.unexpected(
                    "all_completed, first_completed, first_exception or count:N"
                );
            }
            order.condition = *condition;
            return std::nullopt;
        }},
};

/// 404, listing every id that is none.
HttpReply unknown_jobs(const WaitOrder& order, const std::vector<JobSnapshotPtr>& jobs) {
    Problem problem{
        failure_code::job_not_found, "looking up the jobs: there are none of these", {}};
    for (std::size_t place = 0; place < jobs.size(); ++place) {
        if (!jobs[place]) {
            problem.errors.push_back({"/jobs/" + std::to_string(place), order.jobs[place]});
        }
    }
    return problem_reply(std::move(problem));
}

void append_ids(std::string& out, const std::vector<JobSnapshotPtr>& jobs, bool done) {
    out += '[';
    for (const auto& job : jobs) {
        if (job->done() == done) {
            out += out.back() == '[' ? "" : ",";
            append_json_string(out, job->record.id);
        }
    }
    out += ']';
}

}  // namespace

void WaitApi::add_routes(Routes& routes) {
    routes.add(http::verb::post, "/v1/wait", scope::read, [this](HttpRequest& request) {
        return wait(request);
    });
}

/// POST /v1/wait: which of several jobs are done, once enough of them are.
awaitable<HttpReply> WaitApi::wait(HttpRequest& request) {
    if (auto fault = check_query(request.query, {})) {
        co_return problem_reply(*fault);
    }
    const auto document = co_await read_json_body(request, longest_body);
    if (!document) {
        co_return problem_reply(document.error());
    }
    WaitOrder order;
    const JsonMember body{*document, ""};
    const std::span<const OrderRow> rows{order_rows};
    if (auto fault = read_members<WaitOrder, NoContext>(body, rows, order, NoContext{})) {
        co_return problem_reply(*fault);
    }
    if (!document->get_object().contains("jobs")) {
        co_return problem_reply(body.refused("there are no jobs"));
    }
    const auto longest = context_.settings->limits.max_wait;
    const auto limit = std::min(order.timeout.value_or(longest), longest);
    const auto started = context_.clock->now();
    auto stays = while_worth_waiting(request);
    auto jobs = co_await context_.jobs->wait_many(
        order.jobs, tenant_of(request), order.condition, limit, std::move(stays)
    );
    if (std::ranges::find(jobs, nullptr) != jobs.end()) {
        co_return unknown_jobs(order, jobs);
    }
    const auto waited = std::chrono::duration_cast<milliseconds>(context_.clock->now() - started);
    std::string text;
    {
        JsonObjectWriter object{text};
        append_ids(object.name("done"), jobs, true);
        append_ids(object.name("not_done"), jobs, false);
        object.number("waited_ms", waited.count());
    }
    co_return json_reply(http::status::ok, std::move(text));
}

}  // namespace fanfetch
