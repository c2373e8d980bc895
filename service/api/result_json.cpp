#include "api/result_json.hpp"

#include "api/json_writer.hpp"
#include "api/result_headers.hpp"
#include "model/item_extras.hpp"
#include "model/octets.hpp"
#include "model/retry_policy.hpp"
#include "url/utf8.hpp"

#include <algorithm>
#include <array>

namespace fanfetch {
namespace {

void append_timing(std::string& out, const Timing& timing) {
    JsonObjectWriter object{out};
    object.number("queued_us", timing.queued.count());
    object.number("dns_us", timing.dns.count());
    object.number("connect_us", timing.connect.count());
    object.number("tls_us", timing.tls.count());
    object.number("first_byte_us", timing.first_byte.count());
    object.number("download_us", timing.download.count());
    object.number("total_us", timing.total.count());
}

void append_redirects(std::string& out, const std::vector<RedirectHop>& redirects) {
    out += '[';
    for (const auto& hop : redirects) {
        out += &hop == redirects.data() ? "" : ",";
        JsonObjectWriter object{out};
        object.number("status", hop.status);
        object.text("location", hop.location);
    }
    out += ']';
}

void append_tls(std::string& out, const TlsVerdict& tls) {
    JsonObjectWriter object{out};
    object.text("version", tls.version);
    object.text("cipher", tls.cipher);
    object.flag("verified", tls.verified);
    object.text("verdict", tls.verdict);
}

void append_attempt(std::string& out, const Attempt& attempt) {
    JsonObjectWriter object{out};
    object.time("started_at", attempt.started_at);
    object.text_or_null("remote_address", attempt.remote_address);
    object.flag("reused_connection", attempt.reused_connection);
    append_redirects(object.name("redirects"), attempt.redirects);
    if (attempt.tls.version.empty()) {
        object.null("tls");
    } else {
        append_tls(object.name("tls"), attempt.tls);
    }
    object.text(
        "outcome", attempt.code == failure_code::none ? std::string_view{"ok"}
                                                      : dotted(attempt.code, attempt.status)
    );
    if (attempt.status == 0) {
        object.null("status");
    } else {
        object.number("status", attempt.status);
    }
    object.text_or_null("detail", attempt.detail);
    object.text_or_null("retry", attempt.retry);
    append_timing(object.name("timing"), attempt.timing);
}

void append_attempts(std::string& out, const std::vector<Attempt>& attempts) {
    out += '[';
    for (const auto& attempt : attempts) {
        out += &attempt == attempts.data() ? "" : ",";
        append_attempt(out, attempt);
    }
    out += ']';
}

bool is_text(std::string_view content_type) {
    const auto type = content_type.substr(0, content_type.find(';'));
    constexpr std::array suffixes{
        std::string_view{"/json"}, std::string_view{"+json"}, std::string_view{"/xml"},
        std::string_view{"+xml"}, std::string_view{"javascript"}};
    return type.starts_with("text/") ||
           std::ranges::any_of(suffixes, [type](auto suffix) { return type.ends_with(suffix); });
}

void append_body(std::string& out, std::string_view payload, std::string_view content_type) {
    JsonObjectWriter object{out};
    if (is_text(content_type) && is_utf8(payload)) {
        object.text("text", payload);
    } else {
        object.text("base64", to_base64(payload));
    }
}

void append_digest(std::string& out, const Sha256& digest) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    for (const auto byte : digest) {
        out += digits[byte >> 4U];
        out += digits[byte & 0x0FU];
    }
    out += '"';
}

/// Writes one row, asking of each member whether it is wanted.
class ResultWriter {
public:
    ResultWriter(
        std::string& out, const ItemRow& row, const ResultView& view, const ResultParts& parts
    )
        : object_{out}, row_{row}, view_{view}, parts_{parts} {}

    void write_item() {
        object_.number("index", row_.item.index);
        const auto label = item_label(row_.item.extras);
        if (wanted(result_member::seq)) {
            row_.result ? object_.number("seq", row_.result->seq) : object_.null("seq");
        }
        if (wanted(result_member::id)) {
            object_.json("id", label.id.empty() ? "null" : label.id);
        }
        if (wanted(result_member::url)) {
            object_.text("url", row_.item.url);
        }
        if (wanted(result_member::metadata)) {
            object_.json("metadata", label.metadata.empty() ? "null" : label.metadata);
        }
        if (wanted(result_member::state)) {
            object_.text("state", to_string(row_.result ? row_.result->state : parts_.state));
        }
    }

    void write_waiting() {
        if (wanted(result_member::waiting_for) && !parts_.waiting_for.empty()) {
            object_.text("waiting_for", parts_.waiting_for);
        }
        if (wanted(result_member::not_before) && parts_.not_before) {
            object_.time("not_before", parts_.not_before);
        }
    }

    void write_response(const ItemResult& result) {
        const bool answered = result.status != 0;
        if (wanted(result_member::final_url)) {
            const auto& url = result.final_url.empty() ? row_.item.url : result.final_url;
            answered ? object_.text("final_url", url) : object_.null("final_url");
        }
        if (wanted(result_member::status)) {
            answered ? object_.number("status", result.status) : object_.null("status");
        }
        if (wanted(result_member::headers)) {
            append_headers(object_.name("headers"), parts_.head);
        }
        if (wanted(result_member::content_type)) {
            object_.text_or_null("content_type", result.content_type);
        }
        if (wanted(result_member::size)) {
            answered ? object_.number("size", result.size) : object_.null("size");
        }
        if (wanted(result_member::wire_size) && answered) {
            object_.number("wire_size", result.wire_size);
        }
        if (wanted(result_member::sha256)) {
            result.sha256 ? append_digest(object_.name("sha256"), *result.sha256)
                          : object_.null("sha256");
        }
        if (wanted(result_member::http_version)) {
            object_.text_or_null("http_version", result.http_version);
        }
        if (wanted(result_member::reused) && result.reused) {
            object_.flag("reused", true);
        }
        if (wanted(result_member::extract) && !parts_.extract.empty()) {
            object_.json("extract", parts_.extract);
        }
    }

    void write_course(const ItemResult& result) {
        if (wanted(result_member::error)) {
            write_error(result);
        }
        if (wanted(result_member::attempts_made)) {
            object_.number("attempts_made", result.attempts_made);
        }
        if (wanted(result_member::attempts)) {
            append_attempts(object_.name("attempts"), result.attempts);
        }
        if (wanted(result_member::started_at)) {
            object_.time("started_at", since_epoch(result.started_at));
        }
        if (wanted(result_member::finished_at)) {
            object_.time("finished_at", since_epoch(result.finished_at));
        }
        if (wanted(result_member::timing)) {
            append_timing(object_.name("timing"), result.timing);
        }
    }

    void write_body(const ItemResult& result) {
        if (wanted(result_member::body)) {
            parts_.payload ? append_body(object_.name("body"), *parts_.payload, result.content_type)
                           : object_.null("body");
        }
        if (wanted(result_member::links)) {
            write_links(result.body.has_payload);
        }
    }

private:
    [[nodiscard]] bool wanted(result_member member) const { return view_.fields.has(member); }

    /// An item that never started has no times.
    static std::optional<WallTime> since_epoch(WallTime time) {
        return time == WallTime{} ? std::nullopt : std::optional{time};
    }

    void write_error(const ItemResult& result) {
        if (result.code == failure_code::none) {
            object_.null("error");
            return;
        }
        const auto& extras = row_.item.extras;
        if (extras.empty()) {
            append_item_error(
                object_.name("error"), result.code, result.status, result.detail,
                view_.options.retry
            );
            return;
        }
        const auto options = item_options(view_.options, extras);
        append_item_error(
            object_.name("error"), result.code, result.status, result.detail, options.retry
        );
    }

    void write_links(bool has_body) {
        JsonObjectWriter links{object_.name("links")};
        if (has_body) {
            auto& out = links.name("body");
            out.append("\"/v1/jobs/").append(view_.job_id).append("/results/");
            out.append(std::to_string(row_.item.index)).append("/body\"");
        }
    }

    JsonObjectWriter object_;
    const ItemRow& row_;
    const ResultView& view_;
    const ResultParts& parts_;
};

}  // namespace

void append_result(
    std::string& out, const ItemRow& row, const ResultView& view, const ResultParts& parts
) {
    static const ItemResult nothing_yet;
    const auto& result = row.result ? *row.result : nothing_yet;
    ResultWriter writer{out, row, view, parts};
    writer.write_item();
    if (!row.result) {
        writer.write_waiting();
    }
    writer.write_response(result);
    writer.write_course(result);
    writer.write_body(result);
}

void append_item_error(
    std::string& out, failure_code code, std::uint16_t status, std::string_view detail,
    const RetryOptions& retry
) {
    JsonObjectWriter object{out};
    object.text("type", "/docs#" + std::string{dotted(code)});  // as problem_json has it
    object.text("title", title(code));
    object.number("status", api_status(code));
    object.text("detail", detail);
    object.text("code", dotted(code, status));
    object.flag("retryable", retryable(code, status, retry));
}

}  // namespace fanfetch
