#pragma once

#include "auth/api_key.hpp"
#include "auth/scope.hpp"

#include <string>
#include <string_view>

namespace fanfetch {

/// One key as the file holds it.
struct KeyRecord {
    std::string id;  ///< what people call it; may be logged, unlike the key
    std::string tenant = "default";
    KeyHash hash{};
    ScopeSet scopes;

    friend bool operator==(const KeyRecord&, const KeyRecord&) = default;
};

/// Whether a text may name a key or a tenant: 1 to 64 of A-Z a-z 0-9 . _ - beginning with a letter
/// or digit, which is safe in logs, files and headers as it is.
[[nodiscard]] bool is_key_name(std::string_view text) noexcept;

}  // namespace fanfetch
