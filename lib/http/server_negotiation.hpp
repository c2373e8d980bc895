#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

namespace fanfetch {

/// The offer a client likes best, by its Accept; the earlier one of two it likes equally, and the
/// first when it says nothing. nullopt means 406.
///
/// Source  RFC 9110 §12.5.1
[[nodiscard]] std::optional<std::string_view> choose_media_type(
    std::string_view accept, std::initializer_list<std::string_view> offers
);

/// Whether Accept-Encoding asks for `coding`: by name or by "*", and not with q=0. Silence asks for
/// nothing.
///
/// Source  RFC 9110 §12.5.3
[[nodiscard]] bool accepts_coding(std::string_view accept_encoding, std::string_view coding);

}  // namespace fanfetch
