#pragma once

#include <string_view>

namespace fanfetch {

/// Whether `text` has the form of `pattern`, in which `*` stands for any run of characters:
/// "http.*", "*.timeout". Takes time in proportion to the product of the lengths at most, whoever
/// wrote the pattern.
///
/// Threads  any thread
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text) noexcept;

}  // namespace fanfetch
