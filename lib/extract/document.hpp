#pragma once

#include "model/extract_part.hpp"
#include "process/codec.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// A reference from one document to another resource.
struct DocumentLink {
    std::string tag;   ///< of the element: "a", "img", "script" …
    std::string url;   ///< absolute and canonical; empty: not http or https, or it cannot be read
    std::string href;  ///< as it is written, when `url` is empty
    std::string text;  ///< of an `a`, or the `alt` of an image, white space collapsed
    std::string rel;

    friend bool operator==(const DocumentLink&, const DocumentLink&) = default;
};

/// `<meta name|property|http-equiv|itemprop=… content=…>`
struct DocumentMeta {
    std::string name;
    std::string content;

    friend bool operator==(const DocumentMeta&, const DocumentMeta&) = default;
};

/// What was found in an HTML document. Parts that nobody asked for are empty.
struct ExtractedDocument {
    std::string encoding;              ///< what the bytes were read as: "UTF-8", "windows-1252"
    std::optional<std::string> title;  ///< none: the document has none
    std::vector<DocumentLink> links;   ///< in the order of the document
    std::string text;                  ///< what a reader sees, a line for each block
    std::vector<DocumentMeta> meta;
    bool truncated = false;  ///< something was left out to keep within bounds

    friend bool operator==(const ExtractedDocument&, const ExtractedDocument&) = default;
};

/// Bounds on what is taken from one document.
struct ExtractBounds {
    std::size_t text_bytes = std::size_t{1} << 20U;
    std::size_t links = 10'000;
    std::size_t links_bytes = std::size_t{1} << 20U;
    std::size_t meta = 1'000;
    std::size_t value_bytes = 4096;  ///< of a title, of one attribute, of the text of a link
    std::size_t parser_bytes = std::size_t{256} << 20U;  ///< held by the parser
};

template <>
struct Codec<DocumentLink> : MemberCodec<
                                 &DocumentLink::tag, &DocumentLink::url, &DocumentLink::href,
                                 &DocumentLink::text, &DocumentLink::rel> {};
template <>
struct Codec<DocumentMeta> : MemberCodec<&DocumentMeta::name, &DocumentMeta::content> {};
template <>
struct Codec<ExtractedDocument>
    : MemberCodec<
          &ExtractedDocument::encoding, &ExtractedDocument::title, &ExtractedDocument::links,
          &ExtractedDocument::text, &ExtractedDocument::meta, &ExtractedDocument::truncated> {};
template <>
struct Codec<ExtractBounds>
    : MemberCodec<
          &ExtractBounds::text_bytes, &ExtractBounds::links, &ExtractBounds::links_bytes,
          &ExtractBounds::meta, &ExtractBounds::value_bytes, &ExtractBounds::parser_bytes> {};

}  // namespace fanfetch
