#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fanfetch {

enum class credentials : std::uint8_t {
    missing,    ///< no Authorization field
    malformed,  ///< several, another scheme, or no token
    given,
};

/// What a request's Authorization says.
struct Bearer {
    credentials kind = credentials::missing;
    std::string_view key{};  ///< a view into the field, only when given
};

/// Reads the values of all Authorization fields of a request's head. There may be one: of two, one
/// party on the way might have judged the other.
///
/// Source  RFC 6750 §2.1, RFC 9110 §11.1 (the scheme in any case), §11.2 (token68)
[[nodiscard]] Bearer read_bearer(std::span<const std::string_view> fields) noexcept;

}  // namespace fanfetch
