#include "http/router_query.hpp"

#include <algorithm>

namespace fanfetch {

std::optional<Failure> check_query(
    const QueryParameters& query, std::initializer_list<std::string_view> known,
    std::initializer_list<std::string_view> repeatable
) {
    const auto is_in = [](const auto& names, const std::string& name) {
        return std::ranges::find(names, name) != names.end();
    };
    for (auto parameter = query.begin(); parameter != query.end(); ++parameter) {
        const auto& name = parameter->first;
        if (is_in(repeatable, name)) {
            continue;
        }
        if (!is_in(known, name)) {
            return failed(
                failure_code::api_bad_parameter, "reading the query: unknown parameter " + name
            );
        }
        const auto same_name = [&](const auto& other) { return other.first == name; };
        if (std::find_if(query.begin(), parameter, same_name) != parameter) {
            return failed(
                failure_code::api_bad_parameter, "reading the query: given twice: " + name
            );
        }
    }
    return std::nullopt;
}

const std::string* find_parameter(const QueryParameters& query, std::string_view name) noexcept {
    const auto found = std::ranges::find(query, name, &QueryParameters::value_type::first);
    return found == query.end() ? nullptr : &found->second;
}

}  // namespace fanfetch
