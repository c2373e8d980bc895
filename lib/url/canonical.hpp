#pragma once

#include "url/layout.hpp"

#include <optional>
#include <string_view>

namespace fanfetch {

/// The layout of a URL that is canonical as it stands; nullopt when it is not, or might not be.
///
/// This is the short way through the parser: most URLs are written the way we would write them,
/// and then there is nothing to do but copy them. One pass, no allocation. It says nothing about
/// URLs with capitals, percent-encoded hosts, dot segments, non-ASCII and the like.
///
/// `text` is at most Url::max_length bytes.
[[nodiscard]] std::optional<UrlLayout> canonical_layout(std::string_view text) noexcept;

}  // namespace fanfetch
