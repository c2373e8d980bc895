#include "model/host_record_json.hpp"

#include <boost/json.hpp>

namespace fanfetch {
namespace {

namespace json = boost::json;

std::optional<WallTime> time_in(const json::object& object, std::string_view name) {
    if (const auto* value = object.if_contains(name)) {
        return WallTime{std::chrono::milliseconds{json::value_to<std::int64_t>(*value)}};
    }
    return std::nullopt;
}

template <class Number>
std::optional<Number> number_in(const json::object& object, std::string_view name) {
    if (const auto* value = object.if_contains(name)) {
        return json::value_to<Number>(*value);
    }
    return std::nullopt;
}

}  // namespace

std::string to_json(const HostRecord& record) {
    json::object object;
    if (record.blocked_until) {
        object["blocked_until_ms"] = record.blocked_until->time_since_epoch().count();
    }
    if (record.back_off_level > 0) {
        object["back_off_level"] = record.back_off_level;
    }
    if (record.breaker_until) {
        object["breaker_until_ms"] = record.breaker_until->time_since_epoch().count();
    }
    if (record.adaptive_limit > 0) {
        object["adaptive_limit"] = record.adaptive_limit;
    }
    if (record.max_concurrency) {
        object["max_concurrency"] = *record.max_concurrency;
    }
    if (record.max_rate) {
        object["max_rate"] = *record.max_rate;
    }
    if (record.paused) {
        object["paused"] = true;
    }
    return json::serialize(object);
}

Expected<HostRecord> host_record_from_json(std::string key, std::string_view text) try {
    const auto value = json::parse(text);
    const auto& object = value.as_object();
    HostRecord record;
    record.key = std::move(key);
    record.blocked_until = time_in(object, "blocked_until_ms");
    record.back_off_level = number_in<std::uint32_t>(object, "back_off_level").value_or(0);
    record.breaker_until = time_in(object, "breaker_until_ms");
    record.adaptive_limit = number_in<std::uint64_t>(object, "adaptive_limit").value_or(0);
    record.max_concurrency = number_in<std::uint64_t>(object, "max_concurrency");
    record.max_rate = number_in<double>(object, "max_rate");
    record.paused = object.contains("paused");
    return record;
} catch (const std::exception& error) {
    return failed(failure_code::internal, std::string{"reading a stored host: "} + error.what());
}

}  // namespace fanfetch
