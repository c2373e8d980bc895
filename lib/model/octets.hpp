#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// Bytes as text that JSON can carry, and back. Both readers are strict: they take what the
/// writers write (base64 with its padding, hex in either case) and nothing else.
///
/// Source  RFC 4648 §4, §8
[[nodiscard]] std::string to_base64(std::string_view octets);
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
[[nodiscard]] std::string to_hex(std::string_view octets);
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

}  // namespace fanfetch
