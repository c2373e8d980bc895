#include "api/context.hpp"

#include "api/result_json.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace fanfetch {

const std::string& tenant_of(const HttpRequest& request) {
    assert(request.principal);
    return request.principal->tenant();
}

bool may_administer(const HttpRequest& request) {
    assert(request.principal);
    return request.principal->scopes().has(scope::admin);
}

OptionLimits option_limits_of(const HttpRequest& request, const ApiContext& context) {
    auto limits = option_limits(*context.settings);
    limits.why_not_callback = [egress = context.egress,
                               tenant = tenant_of(request)](const Url& url) {
        const auto judged = judge_unresolved(*egress->rules_of(tenant), url);
        return judged ? std::nullopt : std::optional{judged.error()};
    };
    return limits;
}

std::string job_text(const JobSnapshot& job) {
    std::string text;
    append_job(text, job.record, job.counts, {job.rate_per_s, job.eta});
    return text;
}

HttpReply json_reply(http::status status, std::string body) {
    HttpReply reply;
    reply.status = status;
    reply.set("Content-Type", "application/json");
    reply.body = std::move(body);
    if (!reply.body.ends_with('\n')) {  // people look at it in terminals
        reply.body += '\n';
    }
    return reply;
}

void add_member(HttpReply& reply, std::string_view member) {
    auto& body = reply.body;
    body.resize(body.rfind('}'));
    body.append(",").append(member).append("}\n");
}

std::string_view header_of(const HttpRequest& request, http::field name) {
    const auto found = request.headers.find(name);
    if (found == request.headers.end()) {
        return {};
    }
    return {found->value().data(), found->value().size()};
}

std::string media_type_of(const HttpRequest& request) {
    auto value = header_of(request, http::field::content_type);
    value = value.substr(0, value.find(';'));
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) {
        value.remove_suffix(1);
    }
    std::string type{value};
    std::ranges::transform(type, type.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return type;
}

bool asks_for(const HttpRequest& request, std::string_view wanted) {
    return header_of(request, http::field::accept).find(wanted) != std::string_view::npos;
}

}  // namespace fanfetch
