#pragma once

#include <string_view>

namespace fanfetch {

/// Whether `text` is well-formed UTF-8.
///
/// Source  RFC 3629 §4
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace fanfetch
