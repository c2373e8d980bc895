#include "model/options_json.hpp"

#include "model/octets.hpp"
#include "url/utf8.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace fanfetch {
namespace {

namespace json = boost::json;

constexpr std::array credential_headers{
    std::string_view{"authorization"},       std::string_view{"cookie"},
    std::string_view{"proxy-authorization"}, std::string_view{"x-api-key"},
    std::string_view{"x-auth-token"},
};

json::value octets_to_json(const std::string& octets) {
    if (is_utf8(octets)) {
        return json::value(octets);
    }
    return json::object{{"base64", to_base64(octets)}};
}

json::array headers_to_json(const std::vector<HeaderField>& headers, secrets shown) {
    json::array list;
    list.reserve(headers.size());
    for (const auto& field : headers) {
        const bool hide = shown == secrets::hidden && is_credential(field);
        json::array pair{octets_to_json(field.name), octets_to_json(hide ? "***" : field.value)};
        if (field.secret) {
            pair.push_back(true);
        }
        list.push_back(std::move(pair));
    }
    return list;
}

json::object timeouts_to_json(const Timeouts& timeouts) {
    json::object object{
        {"connect_ms", timeouts.connect.count()},
        {"first_byte_ms", timeouts.first_byte.count()},
        {"idle_ms", timeouts.idle.count()},
        {"total_ms", timeouts.total.count()},
    };
    if (timeouts.low_speed) {
        object["low_speed"] = {
            {"bytes_per_s", timeouts.low_speed->bytes_per_s},
            {"over_ms", timeouts.low_speed->over.count()},
        };
    }
    return object;
}

json::object retry_to_json(const RetryOptions& retry) {
    return {
        {"max_attempts", retry.max_attempts},
        {"statuses", json::array(retry.statuses.begin(), retry.statuses.end())},
        {"on", retry.on},
        {"backoff_base_ms", retry.backoff_base.count()},
        {"backoff_max_ms", retry.backoff_max.count()},
        {"unsafe_methods", retry.unsafe_methods},
    };
}

json::object expectations_to_json(const Expectations& expect) {
    json::object object{
        {"sha256", to_hex(expect.sha256)},
        {"md5", to_hex(expect.md5)},
        {"content_type", octets_to_json(expect.content_type)},
    };
    if (expect.size) {
        object["size"] = *expect.size;
    }
    return object;
}

json::object conditional_to_json(const Conditional& conditional) {
    return {
        {"etag", octets_to_json(conditional.etag)},
        {"last_modified", octets_to_json(conditional.last_modified)},
    };
}

json::array ranges_to_json(const std::vector<StatusRange>& ranges) {
    json::array list;
    for (const auto& [first, last] : ranges) {
        list.push_back(json::array{first, last});
    }
    return list;
}

json::object fetch_to_json(const FetchOptions& fetch, secrets shown) {
    return {
        {"method", octets_to_json(fetch.method)},
        {"headers", headers_to_json(fetch.headers, shown)},
        {"body", octets_to_json(fetch.body)},
        {"timeouts", timeouts_to_json(fetch.timeouts)},
        {"retry", retry_to_json(fetch.retry)},
        {"redirects",
         {{"max", fetch.redirects.max}, {"cross_origin", fetch.redirects.cross_origin}}},
        {"accept_status", ranges_to_json(fetch.accept_status)},
        {"max_body_bytes", fetch.max_body_bytes},
        {"max_decoded_ratio", fetch.max_decoded_ratio},
        {"expect", expectations_to_json(fetch.expect)},
        {"conditional", conditional_to_json(fetch.conditional)},
        {"tls_verify", static_cast<std::uint8_t>(fetch.verify)},
        {"http_version", static_cast<std::uint8_t>(fetch.http_version)},
    };
}

}  // namespace

bool is_credential_header(std::string_view name) noexcept {
    const auto same = [name](std::string_view known) {
        return std::ranges::equal(name, known, [](char a, char b) {
            return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
        });
    };
    return std::ranges::any_of(credential_headers, same);
}

bool is_credential(const HeaderField& field) noexcept {
    return field.secret || is_credential_header(field.name);
}

std::string to_json(const JobOptions& options, secrets shown) {
    json::array tags;
    for (const auto& tag : options.tags) {
        tags.push_back(octets_to_json(tag));
    }
    json::object object{
        {"concurrency", options.concurrency},
        {"per_host_concurrency", options.per_host_concurrency},
        {"per_host_rate", options.per_host_rate},
        {"fetch", fetch_to_json(options.fetch, shown)},
        {"store_body", static_cast<std::uint8_t>(options.store_body)},
        {"on_error", static_cast<std::uint8_t>(options.on_error)},
        {"on_error_limit", options.on_error_limit},
        {"ttl_ms", options.ttl.count()},
        {"priority", options.priority},
        {"lane", static_cast<std::uint8_t>(options.lane)},
        {"extract", options.extract},
        {"robots", static_cast<std::uint8_t>(options.robots)},
        {"dedupe", options.dedupe},
        {"tags", std::move(tags)},
        {"metadata", octets_to_json(options.metadata)},
    };
    if (options.deadline) {
        object["deadline_ms"] = options.deadline->count();
    }
    if (options.max_age) {
        object["max_age_ms"] = options.max_age->count();
    }
    if (options.item_deadline) {
        object["item_deadline_ms"] = options.item_deadline->count();
    }
    return json::serialize(object);
}

std::string to_json(const FetchOptions& options) {
    return json::serialize(fetch_to_json(options, secrets::kept));
}

}  // namespace fanfetch
