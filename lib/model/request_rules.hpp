#pragma once

#include "model/options.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// What a caller may put on the wire. Each answers why not, or nullopt.
///
/// A method is an upper-case token; CONNECT and TRACE are refused.
///
/// Source  RFC 9110 §9.1, §5.1, §5.5
[[nodiscard]] std::optional<std::string> why_not_method(std::string_view method);

/// Refused are names that are no tokens, values with anything but visible ASCII, space and tab,
/// and the fields that are ours: framing, routing and hop-by-hop fields, `Host` and `Proxy-*`,
/// also when an underscore stands for a hyphen (some servers cannot tell).
[[nodiscard]] std::optional<std::string> why_not_header(
    std::string_view name, std::string_view value
);

/// Header sections are bounded: a hundred fields, 32 KiB in all.
[[nodiscard]] std::optional<std::string> why_not_headers(const std::vector<HeaderField>& headers);

/// Lays `over` over `headers`: fields of the same name (in any case) are replaced.
void override_headers(std::vector<HeaderField>& headers, std::vector<HeaderField> over);

}  // namespace fanfetch
