#pragma once

#include "base/failure.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// What a client is told when something went wrong.
struct Problem {
    failure_code code = failure_code::internal;
    std::string detail;
    std::vector<MemberFault> errors;
};

/// A failure as a problem; its members at fault become `errors`.
[[nodiscard]] Problem problem_of(const Failure& failure);

/// The value of Content-Type that goes with problem_json.
inline constexpr std::string_view problem_content_type = "application/problem+json";

/// Renders the document: type, title, status, detail, instance, code, request_id, errors. Empty
/// members are left out. Bytes that are not UTF-8 become U+FFFD, so the document is always JSON.
///
/// Source  RFC 9457
[[nodiscard]] std::string problem_json(
    const Problem& problem, std::string_view instance, std::string_view request_id
);

}  // namespace fanfetch
