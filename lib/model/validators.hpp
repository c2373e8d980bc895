#pragma once

#include "model/options.hpp"

#include <string_view>
#include <vector>

namespace fanfetch {

/// Whether a text is one entity tag, `"abc"` or `W/"abc"`, quotes included.
///
/// Source  RFC 9110 §8.8.3
[[nodiscard]] bool is_entity_tag(std::string_view text) noexcept;

/// Whether a text is an HTTP date in its one current form, "Sun, 06 Nov 1994 08:49:37 GMT". Only
/// the form is judged: the date is handed back to the origin as the origin wrote it.
///
/// Source  RFC 9110 §5.6.7
[[nodiscard]] bool is_http_date(std::string_view text) noexcept;

/// The header fields that ask for a response only if there is a newer one.
///
/// Source  RFC 9110 §13.1.2, §13.1.3
[[nodiscard]] std::vector<HeaderField> condition_fields(const Conditional& conditional);

/// Whether a request has such fields, so that a 304 is an answer to it.
[[nodiscard]] bool asked_conditionally(const std::vector<HeaderField>& headers) noexcept;

}  // namespace fanfetch
