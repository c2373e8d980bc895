#pragma once

#include <string_view>

namespace fanfetch {

/// The OpenAPI 3.1 document of this API, as it is served.
[[nodiscard]] std::string_view openapi_document() noexcept;

}  // namespace fanfetch
