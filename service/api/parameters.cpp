#include "api/parameters.hpp"

#include "base/time.hpp"
#include "http/router_query.hpp"
#include "url/percent.hpp"

#include <charconv>
#include <limits>

namespace fanfetch {
namespace {

Failure bad(std::string_view name, std::string_view why) {
    return failed(
        failure_code::api_bad_parameter,
        "reading the query parameter " + std::string{name} + ": " + std::string{why}
    );
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || rest != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

}  // namespace

Expected<std::uint64_t> number_parameter(
    const QueryParameters& query, std::string_view name, std::uint64_t otherwise,
    std::uint64_t least, std::uint64_t most
) {
    const auto* text = find_parameter(query, name);
    if (text == nullptr) {
        return otherwise;
    }
    const auto number = whole_number(*text);
    if (!number || *number < least || *number > most) {
        return bad(
            name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
                      " is wanted"
        );
    }
    return *number;
}

Expected<std::chrono::milliseconds> duration_parameter(
    const QueryParameters& query, std::string_view name, std::chrono::milliseconds otherwise
) {
    const auto* text = find_parameter(query, name);
    if (text == nullptr) {
        return otherwise;
    }
    const auto duration = parse_duration(*text);
    if (!duration) {
        return bad(name, "a duration such as 30s or 250ms is wanted");
    }
    return *duration;
}

Expected<bool> flag_parameter(const QueryParameters& query, std::string_view name, bool otherwise) {
    const auto* text = find_parameter(query, name);
    if (text == nullptr) {
        return otherwise;
    }
    if (*text != "true" && *text != "false") {
        return bad(name, "true or false is wanted");
    }
    return *text == "true";
}

std::optional<WaitCondition> parse_condition(std::string_view text) noexcept {
    constexpr std::string_view counted = "count:";
    using kind = WaitCondition::kind;
    if (text == "all_completed") {
        return WaitCondition{kind::all_completed, 0};
    }
    if (text == "first_completed") {
        return WaitCondition{kind::first_completed, 0};
    }
    if (text == "first_exception") {
        return WaitCondition{kind::first_exception, 0};
    }
    if (text.starts_with(counted)) {
        const auto number = whole_number(text.substr(counted.size()));
        if (number && *number > 0) {
            return WaitCondition{kind::count, *number};
        }
    }
    return std::nullopt;
}

Expected<WaitCondition> condition_parameter(const QueryParameters& query) {
    const auto* text = find_parameter(query, "return_when");
    if (text == nullptr) {
        return WaitCondition{};
    }
    const auto condition = parse_condition(*text);
    if (!condition) {
        return bad(
            "return_when", "all_completed, first_completed, first_exception or count:N is wanted"
        );
    }
    return *condition;
}

std::string page_token(char order, std::uint64_t position) {
    return order + std::to_string(position);
}

Expected<std::uint64_t> page_position(const QueryParameters& query, char order) {
    const auto* text = find_parameter(query, "page_token");
    if (text == nullptr) {
        return std::uint64_t{0};
    }
    const auto position =
        text->starts_with(order) ? whole_number(std::string_view{*text}.substr(1)) : std::nullopt;
    if (!position) {
        return bad("page_token", "it is not one of this list");
    }
    return *position;
}

std::string next_page_link(
    std::string_view path, const QueryParameters& query, std::string_view token
) {
    // What a query's value may not hold as it is. Our lists have commas: those stay.
    static constexpr auto encoded =
        ByteSet{"!\"#$%&'()+;<=>?@[\\]^`{|}"}.with_range(0x00, 0x20).with_range(0x7F, 0xFF);
    std::string link{"<"};
    link.append(path).append("?");
    for (const auto& [name, value] : query) {
        if (name != "page_token") {
            append_percent_encoded(link, name, encoded);
            link += '=';
            append_percent_encoded(link, value, encoded);
            link += '&';
        }
    }
    link += "page_token=";
    append_percent_encoded(link, token, encoded);
    return link + ">; rel=\"next\"";
}

std::optional<std::uint64_t> parse_index(std::string_view text) noexcept {
    return whole_number(text);
}

}  // namespace fanfetch
