#include "model/callback.hpp"
#include "model/extract_part.hpp"
#include "model/options_reader.hpp"
#include "model/rate_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::size_t most_tags = 32;
constexpr std::size_t longest_tag = 128;
constexpr int highest_priority = 100;
/// No honest text comes near it, so that it stands for "any".
constexpr std::uint64_t highest_ratio = 1'000'000;
constexpr milliseconds longest_life = std::chrono::days{365};

using JobRow = MemberRow<JobOptions, OptionContext>;

struct PerHost {
    int concurrency;
    double rate;
};

constexpr std::array per_host_rows{
    MemberRow<PerHost, OptionContext>{
        "concurrency",
        [](const JsonMember& member, PerHost& target, const OptionContext& context) {
            return read_number(member, 1, context.limits.max_concurrency, target.concurrency);
        }},
    MemberRow<PerHost, OptionContext>{
        "rate", [](const JsonMember& member, PerHost& target,
                   const OptionContext&) { return read_rate(member, target.rate); }},
};

Fault read_per_host(const JsonMember& member, JobOptions& options, const OptionContext& context) {
    PerHost per_host{options.per_host_concurrency, options.per_host_rate};
    auto fault = read_members<PerHost, OptionContext>(member, per_host_rows, per_host, context);
    options.per_host_concurrency = per_host.concurrency;
    options.per_host_rate = per_host.rate;
    return fault;
}

Fault read_store_body(const JsonMember& member, JobOptions& options, const OptionContext&) {
    static constexpr std::array words{
        JsonWord{"always", store_body::always}, JsonWord{"success", store_body::success},
        JsonWord{"never", store_body::never}};
    return read_word(member, words, options.store_body);
}

Fault read_on_error(const JsonMember& member, JobOptions& options, const OptionContext&) {
    constexpr std::string_view expected = "continue, stop, stop_after:N or stop_after:P%";
    constexpr std::string_view prefix = "stop_after:";
    constexpr std::uint64_t most_percent = 100;
    const auto* const string = member.value().if_string();
    if (string == nullptr) {
        return member.unexpected(expected);
    }
    std::string_view text{*string};
    options.on_error_limit = 1;
    if (text == "continue") {
        options.on_error = on_error::go_on;
        return std::nullopt;
    }
    if (text == "stop") {
        options.on_error = on_error::stop;
        return std::nullopt;
    }
    if (!text.starts_with(prefix)) {
        return member.unexpected(expected);
    }
    text.remove_prefix(prefix.size());
    const bool percent = text.ends_with('%');
    text.remove_suffix(percent ? 1 : 0);
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, options.on_error_limit);
    if (error != std::errc{} || rest != end || options.on_error_limit == 0 ||
        (percent && options.on_error_limit > most_percent)) {
        return member.unexpected(expected);
    }
    options.on_error = percent ? on_error::stop_after_percent : on_error::stop_after_count;
    return std::nullopt;
}

Fault read_deadline(const JsonMember& member, JobOptions& options, const OptionContext& context) {
    const auto* const text = member.value().if_string();
    if (const auto moment = text == nullptr ? std::nullopt : parse_rfc3339(*text)) {
        if (*moment <= context.now || *moment - context.now > longest_life) {
            return member.refused("the time has passed or is more than a year away");
        }
        options.deadline = *moment - context.now;
        return std::nullopt;
    }
    milliseconds duration{};
    auto fault = read_duration(member, 1ms, longest_life, duration);
    if (!fault) {
        options.deadline = duration;
    }
    return fault;
}

Fault read_lane(const JsonMember& member, JobOptions& options, const OptionContext&) {
    static constexpr std::array words{
        JsonWord{"batch", job_lane::batch}, JsonWord{"interactive", job_lane::interactive}};
    return read_word(member, words, options.lane);
}

Fault read_tags(const JsonMember& member, JobOptions& options, const OptionContext&) {
    options.tags.clear();
    return read_list(member, most_tags, [&options](const JsonMember& element) {
        return read_text(element, longest_tag, options.tags.emplace_back());
    });
}

Fault read_robots(const JsonMember& member, JobOptions& options, const OptionContext&) {
    static constexpr std::array words{
        JsonWord{"ignore", robots::ignore}, JsonWord{"obey", robots::obey}};
    return read_word(member, words, options.robots);
}

/// The names of ALPN are as good as the numbers.
Fault read_http_version(const JsonMember& member, JobOptions& options, const OptionContext&) {
    static constexpr std::array words{
        JsonWord{"auto", http_version::automatic}, JsonWord{"1.1", http_version::one},
        JsonWord{"2", http_version::two}, JsonWord{"http/1.1", http_version::one},
        JsonWord{"h2", http_version::two}};
    return read_word(member, words, options.fetch.http_version);
}

/// A list of parts; an empty one asks for nothing.
Fault read_extract(const JsonMember& member, JobOptions& options, const OptionContext&) {
    static constexpr std::array words{
        JsonWord{"title", extract_part::title}, JsonWord{"links", extract_part::links},
        JsonWord{"text", extract_part::text}, JsonWord{"meta", extract_part::meta}};
    std::uint8_t parts = 0;
    auto fault = read_list(member, words.size(), [&parts](const JsonMember& element) {
        std::uint8_t part = 0;
        auto wrong = read_word(element, words, part);
        parts |= part;
        return wrong;
    });
    options.extract = parts;
    return fault;
}

Fault read_callbacks(const JsonMember& member, JobOptions& options, const OptionContext& context) {
    options.callbacks.clear();
    return read_list(member, most_callbacks, [&](const JsonMember& element) {
        return read_callback(element, context, options.callbacks.emplace_back());
    });
}

// What a job says about itself; what it says about fetching is read by read_fetch_option.
constexpr std::array job_rows{
    JobRow{
        "concurrency",
        [](const JsonMember& member, JobOptions& options, const OptionContext& context) {
            return read_number(member, 1, context.limits.max_concurrency, options.concurrency);
        }},
    JobRow{"per_host", read_per_host},
    JobRow{"store_body", read_store_body},
    JobRow{"on_error", read_on_error},
    JobRow{"deadline", read_deadline},
    JobRow{
        "ttl",
        [](const JsonMember& member, JobOptions& options, const OptionContext&) {
            return read_duration(member, 1s, longest_life, options.ttl);
        }},
    JobRow{
        "priority",
        [](const JsonMember& member, JobOptions& options, const OptionContext&) {
            return read_number(member, -highest_priority, highest_priority, options.priority);
        }},
    JobRow{"lane", read_lane},
    JobRow{"tags", read_tags},
    JobRow{
        "metadata", [](const JsonMember& member, JobOptions& options,
                       const OptionContext&) { return read_metadata(member, options.metadata); }},
    JobRow{"robots", read_robots},
    JobRow{"http_version", read_http_version},
    JobRow{
        "dedupe", [](const JsonMember& member, JobOptions& options,
                     const OptionContext&) { return read_flag(member, options.dedupe); }},
    JobRow{
        "max_decoded_ratio",
        [](const JsonMember& member, JobOptions& options, const OptionContext&) {
            return read_integer(member, 1, highest_ratio, options.fetch.max_decoded_ratio);
        }},
    JobRow{
        "item_deadline",
        [](const JsonMember& member, JobOptions& options, const OptionContext&) {
            milliseconds duration{};
            auto fault = read_duration(member, 1ms, longest_life, duration);
            if (!fault) {
                options.item_deadline = duration;
            }
            return fault;
        }},
    JobRow{
        "max_age",
        [](const JsonMember& member, JobOptions& options, const OptionContext&) {
            milliseconds duration{};
            auto fault = read_duration(member, 1ms, longest_life, duration);
            if (!fault) {
                options.max_age = duration;
            }
            return fault;
        }},
    JobRow{"extract", read_extract},
    JobRow{"callbacks", read_callbacks},
};

}  // namespace

Fault read_job_option(
    const JsonMember& member, std::string_view name, const OptionContext& context,
    JobOptions& options
) {
    const auto* const row = std::ranges::find(job_rows, name, &JobRow::name);
    if (row != job_rows.end()) {
        return row->read(member, options, context);
    }
    if (is_fetch_option(name)) {
        return read_fetch_option(member, name, context, options.fetch);
    }
    return member.refused("there is no such option");
}

Fault read_job_options(
    const JsonMember& member, const OptionContext& context, JobOptions& options
) {
    const auto* const object = member.value().if_object();
    if (object == nullptr) {
        return member.unexpected("an object");
    }
    return read_entries(member, *object, [&](const JsonMember& child, std::string_view name) {
        return read_job_option(child, name, context, options);
    });
}

}  // namespace fanfetch
