#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace fanfetch {

/// A character encoding of the web.
struct Encoding {
    std::string_view name;    ///< as the standard spells it
    std::string_view iconv;   ///< as iconv knows it
    std::string_view labels;  ///< what documents call it: lower case, with spaces between them
};

/// The encoding that a label ("latin1", " UTF8 ") stands for; nullptr: there is none. Surrounding
/// white space and the case of letters do not matter.
///
/// Errors   none; `replacement` and `x-user-defined`, which hold no text, count as unknown
/// Source   https://encoding.spec.whatwg.org/ §4.2
[[nodiscard]] const Encoding* find_encoding(std::string_view label) noexcept;

/// Every encoding once.
[[nodiscard]] std::span<const Encoding> encodings() noexcept;

/// The encoding of an HTML document: a byte order mark, else the `charset` of its Content-Type,
/// else a `<meta>` within the first 1024 bytes, else UTF-8 if the bytes are that, and else
/// windows-1252.
///
/// Source   https://html.spec.whatwg.org/ §13.2.3.2, without the guesses it leaves to browsers:
///          UTF-8 is recognised by itself, since it is never mistaken for anything else
[[nodiscard]] const Encoding& sniff_encoding(
    std::string_view document, std::string_view content_type
) noexcept;

/// The encoding a `<meta>` near the front of `document` declares.
[[nodiscard]] const Encoding* declared_encoding(std::string_view document) noexcept;

}  // namespace fanfetch
