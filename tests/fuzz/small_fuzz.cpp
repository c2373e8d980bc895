// F8: the small parsers of fields and parameters that strangers write; the input is one value. Each
// is total, and what has a written form reads the same when it is written.

#include "api/event_stream.hpp"
#include "api/parameters.hpp"
#include "http/conditional.hpp"
#include "http/content_coding.hpp"
#include "http/freshness.hpp"
#include "http/http_date.hpp"
#include "http/range.hpp"
#include "http/retry_after.hpp"
#include "http/server_negotiation.hpp"
#include "http/trace_context.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace fanfetch;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

const WallTime now{std::chrono::milliseconds{1'700'000'000'000}};

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

void check_dates(std::string_view text) {
    const auto time = parse_http_date(text, now);
    // The last leap second of the year 9999 is in the year 10000, which has no written form.
    if (time && *time < std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1}) {
        const auto written = to_http_date(*time);
        require(written.size() == 29);
        require(parse_http_date(written, now) == time);
    }
    const auto pause = parse_retry_after(text, now);
    if (pause) {
        require(pause->count() >= 0 && *pause <= longest_retry_after);
    }
    if (all_digits(text)) {
        require(pause.has_value());
        if (text.size() < 9) {
            require(pause->count() == std::stoll(std::string{text}));
        }
    }
    if (time) {
        require(pause.has_value());  // a date is one of the two forms
    }
    require(!text.starts_with('-') || !pause);
}

/// What is in a field that speaks of caches makes nothing fresh for longer than it says, and what
/// forbids cannot be talked out of it.
void check_freshness(std::string_view text) {
    const auto judge = [](std::string_view control, std::string_view name, std::string_view value) {
        HeaderBlock block;
        block.add("Cache-Control", control);
        block.add(name, value);
        return freshness_of({200, &block, now, now});
    };
    for (const auto* name : {"Cache-Control", "Expires", "Age", "Date", "Vary", "Last-Modified"}) {
        const auto unknown = judge("public", name, text);
        require(!unknown || (unknown->born_at <= now && unknown->fresh_until > now));
        const auto minute = judge("max-age=60", name, text);
        require(!minute || (minute->born_at <= now && minute->fresh_until > now));
        require(!minute || minute->fresh_until - minute->born_at == std::chrono::minutes{1});
        require(!judge("no-store", name, text));
        require(!judge("no-cache, max-age=60", name, text));
    }
}

void check_range(std::string_view text) {
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{100}}) {
        const auto answer = judge_range(text, size);
        if (answer.verdict != range_verdict::part) {
            continue;
        }
        require(answer.range.first <= answer.range.last && answer.range.last < size);
        // What was granted, asked for by itself, is granted again.
        const auto again = judge_range(
            "bytes=" + std::to_string(answer.range.first) + "-" + std::to_string(answer.range.last),
            size
        );
        require(again.verdict == range_verdict::part && again.range == answer.range);
        require(!content_range(answer.range, size).empty());
    }
}

void check_negotiation(std::string_view text) {
    const auto chosen = choose_media_type(text, {"application/json", "application/x-ndjson"});
    require(!chosen || *chosen == "application/json" || *chosen == "application/x-ndjson");
    require(choose_media_type({}, {"application/json"}) == "application/json");
    if (!accepts_coding(text, "gzip")) {
        require(!accepts_coding(std::string{text} + ", gzip;q=0", "gzip"));
    }
    HeaderBlock block;
    block.add("Content-Encoding", text);
    const auto codings = parse_content_encoding(block);
    require(!codings || codings->size() <= max_content_codings);
}

void check_tags(std::string_view text) {
    constexpr std::string_view tag = "\"abc\"";
    http::fields fields;
    require(judge_conditions(fields, http::verb::get, tag) == precondition::proceed);
    fields.set("If-None-Match", std::string{text});
    const auto none = judge_conditions(fields, http::verb::get, tag);
    require(none != precondition::failed);
    // A list that names the tag names it wherever it stands.
    fields.set("If-None-Match", std::string{tag} + ", " + std::string{text});
    require(judge_conditions(fields, http::verb::get, tag) == precondition::not_modified);
    fields.clear();
    fields.set("If-Match", std::string{text});
    require(judge_conditions(fields, http::verb::get, tag) != precondition::not_modified);
    fields.clear();
    fields.set("If-Range", std::string{text});
    (void)if_range_holds(fields, tag);
}

void check_parameters(std::string_view text) {
    const QueryParameters query{
        {"n", std::string{text}},
        {"page_token", std::string{text}},
        {"return_when", std::string{text}}};
    if (const auto number = number_parameter(query, "n", 1, 1, 1'000)) {
        require(*number >= 1 && *number <= 1'000);
    }
    if (const auto time = duration_parameter(query, "n", std::chrono::milliseconds{1})) {
        require(time->count() >= 0);
    }
    (void)flag_parameter(query, "n", false);
    (void)condition_parameter(query);
    (void)parse_index(text);
    if (const auto context = parse_traceparent(text)) {
        require(context->trace_id.size() == 32 && context->parent_id.size() == 16);
    }
    if (const auto position = parse_event_id(text)) {
        require(parse_event_id(event_id(*position)) == position);
    }
    for (const char order : {'s', 'i'}) {
        if (const auto position = page_position(query, order)) {
            const QueryParameters again{{"page_token", page_token(order, *position)}};
            const auto same = page_position(again, order);
            require(same && *same == *position);
            // The token of one list is none of the other's.
            require(!page_position(again, order == 's' ? 'i' : 's'));
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const void* start = data;
    std::string_view text{static_cast<const char*>(start), size};
    text = text.substr(0, text.find('\n'));

    check_dates(text);
    check_freshness(text);
    check_range(text);
    check_negotiation(text);
    check_parameters(text);
    // Field values hold no control characters by the time somebody reads them.
    if (std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
        check_tags(text);
    }
    return 0;
}
