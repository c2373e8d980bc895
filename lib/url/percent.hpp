#pragma once

#include "url/byte_set.hpp"

#include <string>
#include <string_view>

namespace fanfetch {

/// Appends `text`, each byte of `set` as "%XX". A '%' that is there already stays as it is, so
/// that encoding twice is encoding once.
///
/// Source  https://url.spec.whatwg.org/#string-percent-encode-after-encoding
void append_percent_encoded(std::string& out, std::string_view text, const ByteSet& set);

/// Every "%XX" as its byte; a '%' without two digits stays.
///
/// Source  https://url.spec.whatwg.org/#string-percent-decode
[[nodiscard]] std::string percent_decoded(std::string_view text);

}  // namespace fanfetch
