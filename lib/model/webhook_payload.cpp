#include "model/webhook_payload.hpp"

#include "base/json_text.hpp"

#include <boost/json.hpp>

#include <string_view>
#include <utility>

namespace fanfetch {
namespace {

namespace json = boost::json;

// Together with the rest of the payload they stay below its limit, whatever their escapes.
constexpr std::size_t longest_url = 8192;
constexpr std::size_t longest_id = 1024;

/// Writes members one after the other; what is text becomes UTF-8 whatever it was.
class Members {
public:
    explicit Members(std::string& out) : out_{out} { out_ += '{'; }

    std::string& name(std::string_view name) {
        out_ += std::exchange(first_, false) ? "\"" : ",\"";
        out_.append(name).append("\":");
        return out_;
    }
    void text(std::string_view member, std::string_view value) {
        append_json_string(name(member), value);
    }
    void number(std::string_view member, std::uint64_t value) {
        name(member) += std::to_string(value);
    }
    void time(std::string_view member, WallTime value) {
        name(member).append("\"").append(to_rfc3339(value)).append("\"");
    }

private:
    std::string& out_;
    bool first_ = true;
};

/// The beginning that all have; `data` is open, and two braces close it.
std::string envelope(webhook_event event, WallTime at) {
    std::string text;
    Members members{text};
    members.text("type", to_string(event));
    members.time("timestamp", at);
    members.name("data");
    return text;
}

/// The caller's own id of an item: any text that is not too long.
std::string own_id(const Item& item) {
    if (item.extras.find("\"id\"") == std::string::npos) {
        return {};
    }
    json::error_code error;
    const auto extras = json::parse(item.extras, error);
    const auto* const object = error ? nullptr : extras.if_object();
    const auto* const id = object == nullptr ? nullptr : object->if_contains("id");
    const auto* const text = id == nullptr ? nullptr : id->if_string();
    return text == nullptr || text->size() > longest_id ? std::string{}
                                                        : std::string{text->data(), text->size()};
}

}  // namespace

std::string job_payload(webhook_event event, const JobEnding& ending) {
    auto text = envelope(event, ending.finished_at);
    Members data{text};
    data.text("job_id", ending.job_id);
    data.text("state", to_string(ending.state));
    if (ending.reason == state_reason::none) {
        data.name("state_reason") += "null";
    } else {
        data.text("state_reason", to_string(ending.reason));
    }
    data.number("run", ending.run);
    Members counts{data.name("counts")};
    counts.number("total", ending.total);
    counts.number("succeeded", ending.tally.succeeded);
    counts.number("failed", ending.tally.failed);
    counts.number("skipped", ending.tally.skipped);
    counts.number("cancelled", ending.tally.cancelled);
    text += '}';
    data.number("bytes_received", ending.tally.bytes_received);
    data.time("finished_at", ending.finished_at);
    Members links{data.name("links")};
    links.text("self", "/v1/jobs/" + ending.job_id);
    links.text("results", "/v1/jobs/" + ending.job_id + "/results");
    text += "}}}";
    return text;
}

std::string item_payload(
    webhook_event event, const std::string& job_id, const Item& item, const ItemResult& result
) {
    auto text = envelope(event, result.finished_at);
    Members data{text};
    data.text("job_id", job_id);
    data.number("index", item.index);
    data.number("seq", result.seq);
    if (const auto id = own_id(item); !id.empty()) {
        data.text("id", id);
    }
    data.text("state", to_string(result.state));
    if (result.status != 0) {
        data.number("status", result.status);
    }
    data.number("size", result.size);
    data.number("attempts_made", result.attempts_made);
    if (result.code != failure_code::none) {
        Members error{data.name("error")};
        error.text("code", dotted(result.code, result.status));
        text += '}';
    }
    data.time("finished_at", result.finished_at);
    Members links{data.name("links")};
    links.text("self", "/v1/jobs/" + job_id + "/results/" + std::to_string(item.index));
    text += '}';
    if (!item.url.empty() && item.url.size() <= longest_url) {
        const auto before = text.size();
        data.text("url", item.url);
        if (text.size() + 2 > longest_payload) {
            text.resize(before);
        }
    }
    text += "}}";
    return text;
}

}  // namespace fanfetch
