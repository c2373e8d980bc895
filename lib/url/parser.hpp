#pragma once

#include "base/expected.hpp"
#include "url/layout.hpp"

#include <string_view>

namespace fanfetch {

/// Reads a URL, or a reference relative to `base` (null: there is none), in full. `Url` is the
/// door to this; here the short way for canonical URLs is left out and white space is not looked
/// at.
///
/// Errors  url_scheme, url_invalid; control characters are refused wherever they stand
/// Source  https://url.spec.whatwg.org/#url-parsing, its states for special schemes, cut first
///         into scheme, authority, path, query and fragment: in http and https every '?' and '#'
///         ends what is before it, so that a look ahead is enough
[[nodiscard]] Expected<CanonicalUrl> parse_url(std::string_view text, const CanonicalUrl* base);

}  // namespace fanfetch
