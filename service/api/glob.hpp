#pragma once

#include <string_view>

namespace fanfetch {

/// Whether `text` is of the form `pattern`, in which `*` stands for any run of bytes.
///
/// Takes |pattern| × |text| steps at most: a pattern comes from a stranger.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view text) noexcept;

}  // namespace fanfetch
