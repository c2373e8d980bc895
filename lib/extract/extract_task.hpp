#pragma once

#include "extract/document.hpp"

#include <cstdint>
#include <string>

namespace fanfetch {

/// Opens what a sandbox would not let it open any more. A worker's initializer.
void prepare_extraction();

/// Reads the bytes as what they are and takes the document apart. Runs in a worker: see read_html.
///
/// Threads  one at a time in a process
[[nodiscard]] ExtractedDocument extract_document(
    std::uint8_t parts, const std::string& url, const std::string& content_type,
    const std::string& bytes, const ExtractBounds& bounds
);

}  // namespace fanfetch
