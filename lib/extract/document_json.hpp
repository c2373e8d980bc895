#pragma once

#include "extract/document.hpp"

#include <cstdint>
#include <string>

namespace fanfetch {

/// Appends what was asked for of a document as a JSON object: `encoding`, `title` (null when there
/// is none), `links`, `text`, `meta`, and `truncated` when it is.
///
/// Errors   none: whatever a worker sent has a spelling
[[nodiscard]] std::string document_json(const ExtractedDocument& document, std::uint8_t parts);

}  // namespace fanfetch
