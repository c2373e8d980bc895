#include "client/submit_plan.hpp"

#include "base/json_text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace fanfetch {
namespace {

struct Format {
    std::string_view name;
    std::string_view media_type;
    std::string_view endings;  // of file names, separated by spaces
};

constexpr std::array formats{
    Format{"text", "text/plain", "txt"},
    Format{"ndjson", "application/x-ndjson", "ndjson jsonl"},
    Format{"json", "application/json", "json"},
    Format{"csv", "text/csv", "csv"},
    Format{"tsv", "text/tab-separated-values", "tsv"},
};

Failure refused(const std::string& why) {
    return failed(failure_code::request_invalid, "reading the arguments: " + why);
}

/// "list.csv.gz" is a gzip file of a "list.csv".
std::string_view coding_of(std::string_view& name) noexcept {
    for (const auto& [ending, coding] :
         {std::pair{std::string_view{".gz"}, std::string_view{"gzip"}},
          std::pair{std::string_view{".zst"}, std::string_view{"zstd"}}}) {
        if (name.ends_with(ending)) {
            name.remove_suffix(ending.size());
            return coding;
        }
    }
    return {};
}

bool ends_as(std::string_view name, std::string_view endings) noexcept {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos) {
        return false;
    }
    const auto ending = name.substr(dot + 1);
    while (!endings.empty()) {
        const auto space = std::min(endings.find(' '), endings.size());
        if (endings.substr(0, space) == ending) {
            return true;
        }
        endings.remove_prefix(std::min(space + 1, endings.size()));
    }
    return false;
}

const Format& format_of(const SubmitOptions& options, std::string_view name) {
    const auto* const named = std::ranges::find(formats, options.format, &Format::name);
    if (named != formats.end()) {
        return *named;
    }
    const auto* const found = std::ranges::find_if(formats, [name](const Format& format) {
        return ends_as(name, format.endings);
    });
    return found == formats.end() ? formats.front() : *found;
}

/// The options on one line, or empty when there are none.
Expected<std::string> options_object(const std::string& text) {
    if (text.empty()) {
        return std::string{};
    }
    boost::json::error_code error;
    const auto value = boost::json::parse(text, error);
    if (error || !value.is_object()) {
        return refused("--options: a JSON object is wanted");
    }
    return boost::json::serialize(value);
}

std::string urls_body(const std::vector<std::string>& urls, const std::string& options) {
    std::string body = "{\"urls\":[";
    for (const auto& url : urls) {
        body += body.back() == '[' ? "" : ",";
        append_json_string(body, url);
    }
    body += ']';
    body += options.empty() ? "}" : ",\"options\":" + options + '}';
    return body;
}

/// How the options and the input go together.
Expected<submit_form> form_of(const Format& format, bool coded, bool with_options) {
    if (!with_options) {
        return submit_form::as_it_is;
    }
    if (coded) {
        return refused("--options: a compressed file cannot take any");
    }
    if (format.name == "text") {
        return submit_form::list_to_ndjson;
    }
    if (format.name == "ndjson") {
        return submit_form::options_before;
    }
    return refused("--options: only lists of URLs and NDJSON take them");
}

}  // namespace

Expected<SubmitPlan> plan_submit(const SubmitOptions& options) {
    if (!options.urls.empty() && options.input) {
        return refused("URLs and --input exclude each other");
    }
    if (!is_plain_field_value(options.idempotency_key)) {
        return refused("--idempotency-key: visible ASCII characters are wanted");
    }
    auto object = options_object(options.options);
    if (!object) {
        return object.error();
    }
    SubmitPlan plan;
    plan.request.method = "POST";
    plan.request.repeatable = false;
    plan.request.target = options.open ? "/v1/jobs?sealed=false" : "/v1/jobs";
    if (!options.idempotency_key.empty()) {
        plan.request.fields.emplace_back("Idempotency-Key", options.idempotency_key);
    }
    if (!options.urls.empty()) {
        plan.request.body = urls_body(options.urls, *object);
        plan.request.fields.emplace_back("Content-Type", "application/json");
        return plan;
    }
    plan.input = options.input.value_or("-");
    std::string_view name = plan.input;
    const auto coding = coding_of(name);
    const auto& format = format_of(options, name);
    const auto form = form_of(format, !coding.empty(), !object->empty());
    if (!form) {
        return form.error();
    }
    plan.form = *form;
    if (*form != submit_form::as_it_is) {
        plan.options_line = "{\"options\":" + *object + '}';
    }
    const bool becomes_ndjson = *form == submit_form::list_to_ndjson;
    plan.request.fields.emplace_back(
        "Content-Type", becomes_ndjson ? "application/x-ndjson" : format.media_type
    );
    if (!coding.empty()) {
        plan.request.fields.emplace_back("Content-Encoding", coding);
    }
    return plan;
}

std::vector<std::string> submit_formats() {
    std::vector<std::string> names{"auto"};
    for (const auto& format : formats) {
        names.emplace_back(format.name);
    }
    return names;
}

}  // namespace fanfetch
