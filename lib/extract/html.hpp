#pragma once

#include "extract/document.hpp"
#include "url/url.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace fanfetch {

/// What a caller wants of one document.
struct HtmlOrder {
    std::uint8_t parts = extract_part::all;
    std::optional<Url> url;  ///< of the document: what its references are relative to
    ExtractBounds bounds;
};

/// Takes an HTML document apart as browsers do, without its scripts and styles: `encoding` is left
/// alone, everything else is filled in.
///
/// Title      the first `title`, white space collapsed.
/// Links      `href` of a, area, link; `src` of img, script, iframe, frame, embed, source, audio,
///            video, track and input: relative to the first `base`, in the document's order.
/// Text       what stands in the body, without script, style, template, noscript and the like;
///            white space is collapsed outside of `pre` and `textarea`, blocks begin a line.
/// Meta       every `meta` with a name and a content.
///
/// Nothing here recurses: nesting is bounded by `parser_bytes` alone, beyond which the process is
/// aborted (see HeldMemory), so it belongs into a worker.
///
/// Errors   none: every text is a document
/// Threads  any thread
/// Source   https://html.spec.whatwg.org/ §13.2, by gumbo
[[nodiscard]] ExtractedDocument read_html(std::string_view utf8, const HtmlOrder& order);

}  // namespace fanfetch
