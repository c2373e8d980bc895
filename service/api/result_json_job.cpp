#include "api/json_writer.hpp"
#include "api/result_json.hpp"

namespace fanfetch {
namespace {

/// A tally's key is a code, or a code and the HTTP status that goes with it.
std::string tally_name(std::uint32_t key) {
    constexpr unsigned code_shift = 16;
    if (key >> code_shift == 0) {
        return std::string{dotted(static_cast<failure_code>(key))};
    }
    return dotted(
        static_cast<failure_code>(key >> code_shift), static_cast<std::uint16_t>(key & 0xFFFFU)
    );
}

void append_tallies(JsonObjectWriter& job, const JobTally& tally) {
    {
        JsonObjectWriter object{job.name("failures_by_code")};
        for (const auto& [key, items] : tally.failures) {
            object.number(tally_name(key), items);
        }
    }
    JsonObjectWriter object{job.name("statuses")};
    for (const auto& [status, items] : tally.statuses) {
        object.number(std::to_string(status), items);
    }
}

void append_tags(std::string& out, const std::vector<std::string>& tags) {
    out += '[';
    for (const auto& tag : tags) {
        out += &tag == tags.data() ? "" : ",";
        append_json_string(out, tag);
    }
    out += ']';
}

void append_links(std::string& out, std::string_view id) {
    const auto self = "/v1/jobs/" + std::string{id};
    JsonObjectWriter links{out};
    links.text("self", self);
    links.text("results", self + "/results");
    links.text("events", self + "/events");
}

}  // namespace

void append_job(
    std::string& out, const JobRecord& record, const ItemCounts& counts, const JobPace& pace
) {
    JsonObjectWriter job{out};
    job.text("id", record.id);
    job.text("state", to_string(record.state));
    job.text_or_null(
        "state_reason",
        record.reason == state_reason::none ? std::string_view{} : to_string(record.reason)
    );
    job.flag("done", is_done(record.state));
    job.flag("sealed", record.sealed);
    job.number("run", record.run);
    append_counts(job.name("counts"), counts);
    append_tallies(job, record.tally);
    job.number("bytes_received", record.tally.bytes_received);
    job.number("rate_per_s", pace.rate_per_s);
    pace.eta ? job.number("eta_ms", pace.eta->count()) : job.null("eta_ms");
    job.number("last_seq", record.last_seq);
    job.time("created_at", record.created_at);
    job.time("started_at", record.started_at);
    job.time("finished_at", record.finished_at);
    job.time("expires_at", record.expires_at);
    job.number("concurrency", record.options.concurrency);
    job.number("priority", record.options.priority);
    append_tags(job.name("tags"), record.options.tags);
    job.json("metadata", record.options.metadata.empty() ? "null" : record.options.metadata);
    append_links(job.name("links"), record.id);
}

void append_counts(std::string& out, const ItemCounts& counts) {
    JsonObjectWriter object{out};
    object.number("total", counts.total);
    object.number("queued", counts.queued);
    object.number("waiting", counts.waiting);
    object.number("running", counts.running);
    object.number("succeeded", counts.succeeded);
    object.number("failed", counts.failed);
    object.number("skipped", counts.skipped);
    object.number("cancelled", counts.cancelled);
}

void append_stream_end(std::string& out, job_state state, const ItemCounts& counts) {
    JsonObjectWriter object{out};
    object.flag("end", true);
    object.text("state", to_string(state));
    append_counts(object.name("counts"), counts);
}

}  // namespace fanfetch
