#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/verb.hpp>

#include <string>
#include <string_view>

namespace fanfetch {

namespace http = boost::beast::http;

/// What the conditions of a request come to.
enum class precondition {
    proceed,
    not_modified,  ///< 304, for GET and HEAD
    failed,        ///< 412
};

/// Judges If-Match and If-None-Match against the current `etag`, quotes included; an empty one
/// means that there is nothing now. A tag we gave to a content coding of the same state (see
/// etag_of_coding) counts as the tag itself. Dates are not used: our states have tags.
///
/// Source  RFC 9110 §8.8.3, §13.1.1, §13.1.2, §13.2.2
[[nodiscard]] precondition judge_conditions(
    const http::fields& headers, http::verb method, std::string_view etag
);

/// The tag that a 304 repeats: the first of If-None-Match that is `etag`, be it in a content
/// coding. `etag` itself when none is.
///
/// Source  RFC 9110 §15.4.5
[[nodiscard]] std::string matched_etag(const http::fields& headers, std::string_view etag);

/// Whether a Range is to be honoured: there is no If-Range, or it is this very tag. A date never
/// is, because we never send one it could repeat.
///
/// Source  RFC 9110 §13.1.5
[[nodiscard]] bool if_range_holds(const http::fields& headers, std::string_view etag);

/// A strong tag around `opaque`, which holds no quote and no control character.
[[nodiscard]] std::string make_etag(std::string_view opaque);

/// The tag of the same state in a content coding: `"abc"` is `"abc-gzip"` in gzip.
[[nodiscard]] std::string etag_of_coding(std::string_view etag, std::string_view coding);

}  // namespace fanfetch
