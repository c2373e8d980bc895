#pragma once

#include "base/expected.hpp"

#include <array>
#include <bitset>
#include <string_view>

namespace fanfetch {

/// The members of a result.
enum class result_member : std::uint8_t {
    index,
    seq,
    id,
    url,
    final_url,
    state,
    waiting_for,
    not_before,
    status,
    headers,
    content_type,
    size,
    wire_size,
    sha256,
    http_version,
    reused,
    extract,
    error,
    attempts_made,
    attempts,
    started_at,
    finished_at,
    timing,
    metadata,
    body,
    links,
};

/// The names of the members, in the order of the enumerators.
inline constexpr std::array<std::string_view, 26> result_member_names{
    "index",         "seq",        "id",           "url",         "final_url",    "state",
    "waiting_for",   "not_before", "status",       "headers",     "content_type", "size",
    "wire_size",     "sha256",     "http_version", "reused",      "extract",      "error",
    "attempts_made", "attempts",   "started_at",   "finished_at", "timing",       "metadata",
    "body",          "links",
};

/// Which members of a result are wanted. `index` always is.
class ResultFields {
public:
    /// What a list shows: all but headers, attempts and body.
    [[nodiscard]] static ResultFields of_list();
    /// What a single result shows: all but body.
    [[nodiscard]] static ResultFields of_single();

    /// Keeps only the members of `fields=`, a list of names with commas.
    ///
    /// Errors  api_bad_parameter for an unknown or missing name
    [[nodiscard]] Expected<void> keep(std::string_view names);

    /// Adds the members of `include=`: headers, attempts, body.
    ///
    /// Errors  api_bad_parameter
    [[nodiscard]] Expected<void> include(std::string_view names);

    [[nodiscard]] bool has(result_member member) const noexcept {
        return members_[static_cast<std::size_t>(member)];
    }

private:
    std::bitset<result_member_names.size()> members_;
};

}  // namespace fanfetch
