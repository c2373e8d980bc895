#include "model/item_extras.hpp"

#include "model/canonical_json.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace fanfetch {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_id = 256;

/// What was accepted once stays accepted, whatever the settings have become since.
const OptionContext& no_limits() {
    static const OptionContext context{
        {.max_concurrency = std::numeric_limits<int>::max(),
         .max_body_bytes = std::numeric_limits<std::int64_t>::max(),
         .max_total_timeout = std::chrono::milliseconds::max(),
         .max_redirects = std::numeric_limits<int>::max(),
         .allow_insecure_tls = true},
        {}};
    return context;
}

json::value parse_extras(std::string_view extras) {
    json::error_code error;
    auto value = json::parse(extras, error);
    if (error || !value.is_object()) {
        throw std::logic_error{"an item's extras are no JSON object"};
    }
    return value;
}

/// The length of the value a canonical JSON text begins with: up to the comma or bracket behind it.
std::size_t value_length(std::string_view text) noexcept {
    int depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                in_string = false;
            }
            continue;
        }
        if (depth == 0 && (c == ',' || c == ':' || c == '}' || c == ']')) {
            return i;
        }
        in_string = c == '"';
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    }
    return text.size();
}

}  // namespace

Fault make_item_extras(
    const JsonMember& request, const FetchOptions& job, const OptionContext& context,
    std::string& extras
) {
    const auto* const object = request.value().if_object();
    if (object == nullptr) {
        return request.unexpected("a request: an object with a url");
    }
    auto options = job;
    json::object kept;
    const auto read = [&](const JsonMember& member, std::string_view name) -> Fault {
        if (name == "url" || name == "last_error") {
            return std::nullopt;
        }
        kept.emplace(name, member.value());
        std::string text;
        if (name == "id") {
            return read_text(member, longest_id, text);
        }
        if (name == "metadata") {
            return read_metadata(member, text);
        }
        if (is_fetch_option(name)) {
            return read_fetch_option(member, name, context, options);
        }
        return member.refused("there is no such member");
    };
    if (auto fault = read_entries(request, *object, read)) {
        return fault;
    }
    extras = kept.empty() ? std::string{} : canonical_json(json::value(std::move(kept)));
    return std::nullopt;
}

FetchOptions item_options(const FetchOptions& job, std::string_view extras) {
    auto options = job;
    if (extras.empty()) {
        return options;
    }
    const auto value = parse_extras(extras);
    const JsonMember request{value, ""};
    for (const auto& entry : value.get_object()) {
        const std::string_view name = entry.key();
        if (!is_fetch_option(name)) {
            continue;
        }
        const JsonMember member{request, name, entry.value()};
        if (const auto fault = read_fetch_option(member, name, no_limits(), options)) {
            throw std::logic_error{"an item's extras: " + fault->detail};
        }
    }
    return options;
}

ItemLabel item_label(std::string_view extras) noexcept {
    ItemLabel label;
    if (!extras.starts_with('{')) {
        return label;
    }
    extras.remove_prefix(1);
    while (extras.starts_with('"')) {
        const auto name = extras.substr(0, value_length(extras));
        extras.remove_prefix(std::min(name.size() + 1, extras.size()));  // and the colon
        const auto value = extras.substr(0, value_length(extras));
        extras.remove_prefix(std::min(value.size() + 1, extras.size()));  // and the comma
        if (name == R"("id")") {
            label.id = value;
        } else if (name == R"("metadata")") {
            label.metadata = value;
        }
    }
    return label;
}

}  // namespace fanfetch
