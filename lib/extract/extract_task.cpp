#include "extract/extract_task.hpp"

#include "extract/encoding.hpp"
#include "extract/html.hpp"
#include "extract/transcoder.hpp"

#include <utility>

namespace fanfetch {
namespace {

Transcoder& transcoder() {
    static Transcoder of_this_process;
    return of_this_process;
}

}  // namespace

void prepare_extraction() {
    transcoder().open_all();
}

ExtractedDocument extract_document(
    std::uint8_t parts, const std::string& url, const std::string& content_type,
    const std::string& bytes, const ExtractBounds& bounds
) {
    const auto text = transcoder().to_utf8(bytes, sniff_encoding(bytes, content_type));
    HtmlOrder order;
    order.parts = parts;
    order.bounds = bounds;
    if (auto parsed = Url::parse(url)) {
        order.url = std::move(*parsed);
    }
    auto document = read_html(text.utf8, order);
    document.encoding = text.encoding;
    return document;
}

}  // namespace fanfetch
