#include "client/read_plan.hpp"

#include "base/json_text.hpp"
#include "base/time.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view jobs_path = "/v1/jobs";
/// How long one round of following lasts.
constexpr milliseconds round_limit{20'000};
/// The service is silent for as long as a job in submission order waits for one item. TCP itself
/// tells when the machine at the other end is gone.
constexpr milliseconds any_silence{std::chrono::hours{24 * 365}};

TargetBuilder job_path(std::string_view job) {
    TargetBuilder path{std::string{jobs_path}};
    path.segment(job);
    return path;
}

void add_filter(TargetBuilder& target, const ItemFilter& filter) {
    target.parameter_unless_empty("state", filter.state);
    target.parameter_unless_empty("code", filter.code);
    target.parameter_unless_empty("host", filter.host);
}

/// A stream that is to be resumed has to say where it is.
std::string with_seq(const std::string& fields) {
    const auto padded = ',' + fields + ',';
    return fields.empty() || padded.find(",seq,") != std::string::npos ? fields : fields + ",seq";
}

ApiRequest json_post(std::string target, std::string body) {
    ApiRequest request;
    request.method = "POST";
    request.target = std::move(target);
    request.fields.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
    request.repeatable = false;
    return request;
}

void append_texts(std::string& out, const std::vector<std::string>& texts) {
    out += '[';
    for (const auto& text : texts) {
        out += &text == texts.data() ? "" : ",";
        append_json_string(out, text);
    }
    out += ']';
}

}  // namespace

bool by_completion(const ResultsOptions& options) noexcept {
    return options.order.empty() ? options.follow || options.after > 0
                                 : options.order == "completed";
}

ApiRequest results_request(const ResultsOptions& options, const StreamPosition& position) {
    const bool by_seq = by_completion(options);
    auto target = job_path(options.job);
    target.path("/results").parameter("order", by_seq ? "completed" : "submitted");
    add_filter(target, options.filter);
    target.parameter_unless_empty("fields", by_seq ? with_seq(options.fields) : options.fields);
    target.parameter_unless_empty("include", options.include);
    const auto after = by_seq ? std::max(options.after, position.seq) : options.after;
    if (after > 0) {
        target.parameter("after", std::to_string(after));
    }
    ApiRequest request;
    if (options.follow) {
        target.parameter("follow", "true");
        request.silence = any_silence;
    }
    if (options.follow && by_seq) {
        target.parameter("timeout", to_string(round_limit));
        request.silence = round_limit * 2;
    }
    request.target = target.take();
    request.fields.emplace_back("Accept", "application/x-ndjson");
    return request;
}

ApiRequest events_request(const EventsOptions& options, std::string_view last_id) {
    auto target = job_path(options.job);
    target.path("/events");
    if (options.after > 0) {
        target.parameter("after", std::to_string(options.after));
    }
    if (options.progress_only) {
        target.parameter("items", "false");
    }
    ApiRequest request;
    request.target = target.take();
    request.fields.emplace_back("Accept", "text/event-stream");
    if (!last_id.empty() && is_plain_field_value(last_id)) {
        request.fields.emplace_back("Last-Event-ID", last_id);
    }
    return request;
}

const std::vector<std::string>& export_formats() {
    static const std::vector<std::string> names{"ndjson", "csv",  "tar",    "tar.gz",
                                                "zip",    "warc", "warc.gz"};
    return names;
}

std::string export_format(const ExportOptions& options) {
    if (!options.format.empty()) {
        return options.format;
    }
    const auto& formats = export_formats();
    const auto found = std::ranges::find_if(formats, [&options](const std::string& name) {
        return options.output.ends_with('.' + name);
    });
    return found != formats.end() ? *found : formats.front();
}

std::string export_file(const ExportOptions& options) {
    return options.output.empty() ? options.job + '.' + export_format(options) : options.output;
}

ApiRequest export_request(const ExportOptions& options) {
    auto target = job_path(options.job);
    target.path("/export").parameter("format", export_format(options));
    add_filter(target, options.filter);
    ApiRequest request;
    request.target = target.take();
    return request;
}

ApiRequest job_request(std::string_view job) {
    ApiRequest request;
    request.target = job_path(job).take();
    return request;
}

ApiRequest jobs_request(std::uint64_t most) {
    ApiRequest request;
    request.target =
        TargetBuilder{std::string{jobs_path}}.parameter("page_size", std::to_string(most)).take();
    return request;
}

ApiRequest job_wait_request(
    std::string_view job, std::string_view return_when, milliseconds limit
) {
    ApiRequest request;
    request.target = job_path(job)
                         .parameter("wait", to_string(limit))
                         .parameter("return_when", return_when)
                         .take();
    request.wait = limit;
    return request;
}

ApiRequest jobs_wait_request(
    const std::vector<std::string>& jobs, std::string_view return_when, milliseconds limit
) {
    std::string body = "{\"jobs\":";
    append_texts(body, jobs);
    body += ",\"timeout\":\"" + to_string(limit) + "\",\"return_when\":";
    append_json_string(body, return_when);
    body += '}';
    auto request = json_post("/v1/wait", std::move(body));
    request.wait = limit;
    request.repeatable = true;
    return request;
}

ApiRequest cancel_request(std::string_view job, bool drain) {
    return json_post(
        job_path(job).path("/cancel").take(), drain ? R"({"mode":"drain"})" : R"({"mode":"abort"})"
    );
}

ApiRequest retry_request(std::string_view job, const RetryOrder& options) {
    std::string body = "{";
    const auto name = [&body](std::string_view member) {
        body += body.size() == 1 ? "\"" : ",\"";
        body.append(member).append("\":");
    };
    if (!options.states.empty()) {
        name("state");
        append_texts(body, options.states);
    }
    if (!options.codes.empty()) {
        name("code");
        append_texts(body, options.codes);
    }
    if (!options.indexes.empty()) {
        name("index");
        body += '[';
        for (const auto index : options.indexes) {
            body += body.back() == '[' ? "" : ",";
            body += std::to_string(index);
        }
        body += ']';
    }
    body += '}';
    return json_post(job_path(job).path("/retry").take(), std::move(body));
}

}  // namespace fanfetch
