#include "http/problem.hpp"

#include "base/json_text.hpp"
#include "http/server_types.hpp"

namespace fanfetch {
namespace {

/// What a client is advised to wait when the service is full or going away.
constexpr std::string_view retry_when_unavailable = "5";

void append_member(std::string& json, std::string_view name, std::string_view value) {
    if (value.empty()) {
        return;
    }
    json += json.size() == 1 ? "\"" : ",\"";
    json += name;
    json += "\":";
    append_json_string(json, value);
}

}  // namespace

Problem problem_of(const Failure& failure) {
    return Problem{failure.code, summary(failure), failure.members};
}

std::string problem_json(
    const Problem& problem, std::string_view instance, std::string_view request_id
) {
    std::string type{"/docs#"};  // relative to the service: its page explains every code
    type += dotted(problem.code);

    std::string json{"{"};
    append_member(json, "type", type);
    append_member(json, "title", title(problem.code));
    json += ",\"status\":";
    json += std::to_string(api_status(problem.code));
    append_member(json, "detail", problem.detail);
    append_member(json, "instance", instance);
    append_member(json, "code", dotted(problem.code));
    append_member(json, "request_id", request_id);
    if (!problem.errors.empty()) {
        json += ",\"errors\":[";
        for (const auto& member : problem.errors) {
            json += json.back() == '[' ? "{\"pointer\":" : ",{\"pointer\":";
            append_json_string(json, member.pointer);
            append_member(json, "detail", member.detail);
            json += '}';
        }
        json += ']';
    }
    json += "}\n";
    return json;
}

HttpReply problem_reply(const Failure& failure) {
    return problem_reply(problem_of(failure));
}

HttpReply problem_reply(Problem problem) {
    HttpReply reply;
    reply.status = http::int_to_status(static_cast<unsigned>(api_status(problem.code)));
    if (reply.status == http::status::service_unavailable) {
        reply.set("Retry-After", std::string{retry_when_unavailable});
    }
    reply.problem = std::move(problem);
    return reply;
}

}  // namespace fanfetch
