#include "model/callback.hpp"

#include "base/random.hpp"
#include "base/uuid.hpp"
#include "model/octets.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace fanfetch {
namespace {

namespace json = boost::json;

constexpr std::string_view secret_prefix = "whsec_";

// Ours by name: the rest of what may not be sent is refused for any request.
constexpr std::array ours{
    std::string_view{"content-type"}, std::string_view{"content-encoding"},
    std::string_view{"accept-encoding"}, std::string_view{"user-agent"}};

std::string text_of(const json::value& value) {
    const auto& text = value.as_string();
    return {text.data(), text.size()};
}

}  // namespace

CallbackRecord new_callback(
    CallbackOrder order, std::string job_id, std::string tenant, const Clock& clock
) {
    CallbackRecord record;
    record.id = make_id("cb", clock);
    record.job_id = std::move(job_id);
    record.tenant = std::move(tenant);
    record.order = std::move(order);
    record.created_at = clock.wall();
    if (record.order.secrets.empty()) {
        record.order.secrets.push_back(make_webhook_secret());
        record.secret_made = true;
    }
    return record;
}

std::string make_webhook_secret() {
    std::array<std::byte, 32> random{};
    fill_random(random);
    const void* const bytes = random.data();
    return std::string{secret_prefix} +
           to_base64(std::string_view{static_cast<const char*>(bytes), random.size()});
}

std::optional<std::string> webhook_key(std::string_view secret) {
    constexpr std::size_t shortest = 24;
    constexpr std::size_t longest = 64;
    if (!secret.starts_with(secret_prefix)) {
        return std::nullopt;
    }
    auto key = from_base64(secret.substr(secret_prefix.size()));
    if (!key || key->size() < shortest || key->size() > longest) {
        return std::nullopt;
    }
    return key;
}

std::optional<std::string> why_not_callback_header(std::string_view name) {
    std::string plain;
    std::ranges::transform(name, std::back_inserter(plain), [](char c) {
        return c == '_' ? '-' : (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    });
    if (plain.starts_with("webhook-") || std::ranges::find(ours, plain) != ours.end()) {
        return "this field is the service's own";
    }
    return std::nullopt;
}

std::string to_json(const CallbackOrder& order) {
    json::array headers;
    for (const auto& field : order.headers) {
        headers.push_back(json::array{json::string(field.name), json::string(field.value)});
    }
    const json::object object{
        {"url", order.url},
        {"events", order.events.bits()},
        {"headers", std::move(headers)},
        {"secrets", json::array(order.secrets.begin(), order.secrets.end())},
    };
    return json::serialize(object);
}

Expected<CallbackOrder> callback_order_from_json(std::string_view text) try {
    const auto document = json::parse(text);
    const auto& object = document.as_object();
    CallbackOrder order;
    order.url = text_of(object.at("url"));
    if (const auto* events = object.if_contains("events")) {
        order.events = EventSet{json::value_to<std::uint8_t>(*events)};
    }
    if (const auto* headers = object.if_contains("headers")) {
        for (const auto& pair : headers->as_array()) {
            order.headers.push_back({text_of(pair.at(0)), text_of(pair.at(1))});
        }
    }
    if (const auto* secrets = object.if_contains("secrets")) {
        for (const auto& secret : secrets->as_array()) {
            order.secrets.push_back(text_of(secret));
        }
    }
    return order;
} catch (const std::exception& error) {
    return failed(failure_code::internal, std::string{"reading a callback: "} + error.what());
}

}  // namespace fanfetch
