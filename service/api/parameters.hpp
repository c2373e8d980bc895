#pragma once

#include "base/expected.hpp"
#include "http/server_types.hpp"
#include "job/wait_condition.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

// Readers of query parameters: the default when the parameter is missing, api_bad_parameter naming
// it when its value makes no sense.

[[nodiscard]] Expected<std::uint64_t> number_parameter(
    const QueryParameters& query, std::string_view name, std::uint64_t otherwise,
    std::uint64_t least, std::uint64_t most
);

[[nodiscard]] Expected<std::chrono::milliseconds> duration_parameter(
    const QueryParameters& query, std::string_view name, std::chrono::milliseconds otherwise
);

[[nodiscard]] Expected<bool> flag_parameter(
    const QueryParameters& query, std::string_view name, bool otherwise
);

/// Reads `all_completed`, `first_completed`, `first_exception` or `count:N`.
[[nodiscard]] std::optional<WaitCondition> parse_condition(std::string_view text) noexcept;

/// `return_when=all_completed|first_completed|first_exception|count:N`
[[nodiscard]] Expected<WaitCondition> condition_parameter(const QueryParameters& query);

/// The number of a path segment such as {index}; nullopt when it is none.
[[nodiscard]] std::optional<std::uint64_t> parse_index(std::string_view text) noexcept;

/// Where a list goes on: 's' and a seq, or 'i' and an index. Opaque to clients.
[[nodiscard]] std::string page_token(char order, std::uint64_t position);
[[nodiscard]] Expected<std::uint64_t> page_position(const QueryParameters& query, char order);

/// The value of Link for the next page of a list at `path`: the same query with another token.
///
/// Source  RFC 8288 §3
[[nodiscard]] std::string next_page_link(
    std::string_view path, const QueryParameters& query, std::string_view token
);

}  // namespace fanfetch
