#include "model/octets.hpp"
#include "model/options_json.hpp"

#include <boost/json.hpp>

#include <stdexcept>
#include <type_traits>

// The reading half of options_json.hpp.

namespace fanfetch {
namespace {

namespace json = boost::json;

/// Takes members out of an object; a member that is absent leaves its target alone. The checks
/// throw boost::system::system_error, which job_options_from_json catches.
class Members {
public:
    explicit Members(const json::value& value) : object_{value.as_object()} {}

    template <class Number>
        requires std::is_arithmetic_v<Number>
    void read(std::string_view name, Number& target) const {
        if (const auto* value = object_.if_contains(name)) {
            target = json::value_to<Number>(*value);
        }
    }
    void read(std::string_view name, std::chrono::milliseconds& target) const {
        if (const auto* value = object_.if_contains(name)) {
            target = std::chrono::milliseconds{json::value_to<std::int64_t>(*value)};
        }
    }
    void read(std::string_view name, std::string& target) const {
        if (const auto* value = object_.if_contains(name)) {
            target = octets(*value);
        }
    }
    template <class Enum>
        requires std::is_enum_v<Enum>
    void read(std::string_view name, Enum& target, Enum last) const {
        auto number = static_cast<std::uint8_t>(target);
        read(name, number);
        if (number > static_cast<std::uint8_t>(last)) {
            throw std::out_of_range{"an enumerator that does not exist"};
        }
        target = static_cast<Enum>(number);
    }
    template <class Read>
    void with(std::string_view name, Read read_member) const {
        if (const auto* value = object_.if_contains(name)) {
            read_member(*value);
        }
    }

    static std::string octets(const json::value& value) {
        if (const auto* text = value.if_string()) {
            return {text->data(), text->size()};
        }
        auto decoded = from_base64(value.at("base64").as_string());
        if (!decoded) {
            throw std::invalid_argument{"base64 that cannot be read"};
        }
        return *std::move(decoded);
    }

private:
    const json::object& object_;
};

std::string digest_of(const json::value& value) {
    auto bytes = from_hex(value.as_string());
    if (!bytes) {
        throw std::invalid_argument{"hex that cannot be read"};
    }
    return *std::move(bytes);
}

Timeouts timeouts_from(const json::value& value) {
    Timeouts timeouts;
    const Members members{value};
    members.read("connect_ms", timeouts.connect);
    members.read("first_byte_ms", timeouts.first_byte);
    members.read("idle_ms", timeouts.idle);
    members.read("total_ms", timeouts.total);
    members.with("low_speed", [&](const json::value& v) {
        auto& limit = timeouts.low_speed.emplace();
        Members{v}.read("bytes_per_s", limit.bytes_per_s);
        Members{v}.read("over_ms", limit.over);
    });
    return timeouts;
}

RetryOptions retry_from(const json::value& value) {
    RetryOptions retry;
    const Members members{value};
    members.read("max_attempts", retry.max_attempts);
    members.with("statuses", [&](const json::value& list) {
        retry.statuses = json::value_to<std::vector<std::uint16_t>>(list);
    });
    members.read("on", retry.on);
    members.read("backoff_base_ms", retry.backoff_base);
    members.read("backoff_max_ms", retry.backoff_max);
    members.read("unsafe_methods", retry.unsafe_methods);
    return retry;
}

Expectations expectations_from(const json::value& value) {
    Expectations expect;
    const Members members{value};
    members.with("size", [&](const json::value& size) {
        expect.size = json::value_to<std::uint64_t>(size);
    });
    members.with("sha256", [&](const json::value& hex) { expect.sha256 = digest_of(hex); });
    members.with("md5", [&](const json::value& hex) { expect.md5 = digest_of(hex); });
    members.read("content_type", expect.content_type);
    return expect;
}

std::vector<HeaderField> headers_from(const json::value& value) {
    std::vector<HeaderField> headers;
    for (const auto& pair : value.as_array()) {
        const bool secret = pair.as_array().size() > 2 && pair.at(2).as_bool();
        headers.push_back({Members::octets(pair.at(0)), Members::octets(pair.at(1)), secret});
    }
    return headers;
}

std::vector<StatusRange> ranges_from(const json::value& value) {
    std::vector<StatusRange> ranges;
    for (const auto& pair : value.as_array()) {
        ranges.push_back({
            json::value_to<std::uint16_t>(pair.at(0)),
            json::value_to<std::uint16_t>(pair.at(1)),
        });
    }
    return ranges;
}

FetchOptions fetch_from(const json::value& value) {
    FetchOptions fetch;
    const Members members{value};
    members.read("method", fetch.method);
    members.with("headers", [&](const json::value& v) { fetch.headers = headers_from(v); });
    members.read("body", fetch.body);
    members.with("timeouts", [&](const json::value& v) { fetch.timeouts = timeouts_from(v); });
    members.with("retry", [&](const json::value& v) { fetch.retry = retry_from(v); });
    members.with("redirects", [&](const json::value& v) {
        Members{v}.read("max", fetch.redirects.max);
        Members{v}.read("cross_origin", fetch.redirects.cross_origin);
    });
    members.with("accept_status", [&](const json::value& v) {
        fetch.accept_status = ranges_from(v);
    });
    members.read("max_body_bytes", fetch.max_body_bytes);
    members.read("max_decoded_ratio", fetch.max_decoded_ratio);
    members.with("expect", [&](const json::value& v) { fetch.expect = expectations_from(v); });
    members.with("conditional", [&](const json::value& v) {
        Members{v}.read("etag", fetch.conditional.etag);
        Members{v}.read("last_modified", fetch.conditional.last_modified);
    });
    if (bool strict = true; members.read("verify_tls", strict), !strict) {
        fetch.verify = tls_verify::off;  // as it was stored before there was `label`
    }
    members.read("tls_verify", fetch.verify, tls_verify::off);
    members.read("http_version", fetch.http_version, http_version::two);
    return fetch;
}

JobOptions options_from(const json::value& value) {
    JobOptions options;
    const Members members{value};
    members.read("concurrency", options.concurrency);
    members.read("per_host_concurrency", options.per_host_concurrency);
    members.read("per_host_rate", options.per_host_rate);
    members.with("fetch", [&](const json::value& v) { options.fetch = fetch_from(v); });
    members.read("store_body", options.store_body, store_body::never);
    members.read("on_error", options.on_error, on_error::stop_after_percent);
    members.read("on_error_limit", options.on_error_limit);
    members.with("deadline_ms", [&](const json::value& v) {
        options.deadline = std::chrono::milliseconds{json::value_to<std::int64_t>(v)};
    });
    members.with("item_deadline_ms", [&](const json::value& v) {
        options.item_deadline = std::chrono::milliseconds{json::value_to<std::int64_t>(v)};
    });
    members.with("max_age_ms", [&](const json::value& v) {
        options.max_age = std::chrono::milliseconds{json::value_to<std::int64_t>(v)};
    });
    members.read("ttl_ms", options.ttl);
    members.read("priority", options.priority);
    members.read("lane", options.lane, job_lane::interactive);
    members.read("extract", options.extract);
    members.read("robots", options.robots, robots::obey);
    members.read("dedupe", options.dedupe);
    members.with("tags", [&](const json::value& v) {
        for (const auto& tag : v.as_array()) {
            options.tags.push_back(Members::octets(tag));
        }
    });
    members.read("metadata", options.metadata);
    return options;
}

}  // namespace

Expected<JobOptions> job_options_from_json(std::string_view text) try {
    return options_from(json::parse(text));
} catch (const std::exception& error) {
    return failed(failure_code::internal, std::string{"reading stored options: "} + error.what());
}

}  // namespace fanfetch
