#include "extract/document_json.hpp"
#include "extract/extract_task.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

// A document whose encoding is not known, and the Content-Type it came with, up to the first line
// end. What comes out is bounded and has a JSON text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace fanfetch;
    const void* const bytes = data;
    const std::string input{static_cast<const char*>(bytes), size};
    const auto line = input.find('\n');
    const auto type = input.substr(0, line);
    const auto html = line == std::string::npos ? std::string{} : input.substr(line + 1);

    ExtractBounds bounds;
    bounds.text_bytes = 1000;
    bounds.links = 10;
    bounds.links_bytes = 4000;
    bounds.meta = 10;
    bounds.value_bytes = 100;
    const auto document =
        extract_document(extract_part::all, "http://origin.test/a/b?c", type, html, bounds);
    if (document.text.size() > bounds.text_bytes || document.links.size() > bounds.links ||
        document.meta.size() > bounds.meta ||
        (document.title && document.title->size() > bounds.value_bytes)) {
        std::abort();
    }
    const auto json = document_json(document, extract_part::all);
    if (json.front() != '{' || json.back() != '}') {
        std::abort();
    }

    std::string encoded;
    Codec<ExtractedDocument>::encode(encoded, document);
    ByteSource in{encoded};
    if (Codec<ExtractedDocument>::decode(in) != document) {
        std::abort();
    }
    return 0;
}
