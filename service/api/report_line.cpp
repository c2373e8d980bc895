#include "api/report_line.hpp"

#include "api/json_writer.hpp"
#include "api/result_json.hpp"
#include "model/item_extras.hpp"
#include "model/options_json.hpp"

#include <boost/json.hpp>

#include <stdexcept>
#include <vector>

namespace fanfetch {
namespace {

namespace json = boost::json;

/// The extras of an item without the headers that carry credentials.
std::string without_credentials(std::string_view extras) {
    json::error_code error;
    auto value = json::parse(extras, error);
    if (error || !value.is_object()) {
        throw std::logic_error{"reporting an item: its extras are no object"};
    }
    auto* const headers = value.get_object().if_contains("headers");
    if (headers == nullptr || !headers->is_object()) {
        return std::string{extras};
    }
    std::vector<std::string> secret;
    for (const auto& field : headers->get_object()) {
        if (field.value().is_object() || is_credential_header(field.key())) {  // {"secret": …}
            secret.emplace_back(field.key());
        }
    }
    if (secret.empty()) {
        return std::string{extras};
    }
    for (const auto& name : secret) {
        headers->get_object().erase(name);
    }
    return json::serialize(value);
}

}  // namespace

void append_report_line(std::string& out, const ItemRow& row, const FetchOptions& job) {
    const auto& item = row.item;
    JsonObjectWriter object{out};
    object.text("url", item.url);
    if (!item.extras.empty()) {
        const bool may_have_secrets = item.extras.find("\"headers\"") != std::string::npos;
        const auto members = may_have_secrets ? without_credentials(item.extras) : item.extras;
        out.append(",").append(members, 1, members.size() - 2);  // without its braces
    }
    if (row.result && row.result->code != failure_code::none) {
        const auto options = item_options(job, item.extras);
        append_item_error(
            object.name("last_error"), row.result->code, row.result->status, row.result->detail,
            options.retry
        );
    }
}

}  // namespace fanfetch
