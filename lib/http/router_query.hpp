#pragma once

#include "http/server_types.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// Nothing when every parameter is one of `known` and given once; else api_bad_parameter naming
/// the first that is not. `repeatable` ones may come several times.
[[nodiscard]] std::optional<Failure> check_query(
    const QueryParameters& query, std::initializer_list<std::string_view> known,
    std::initializer_list<std::string_view> repeatable = {}
);

/// The first value of a parameter; nullptr when it is not there.
[[nodiscard]] const std::string* find_parameter(
    const QueryParameters& query, std::string_view name
) noexcept;

}  // namespace fanfetch
