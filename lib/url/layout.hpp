#pragma once

#include <cstdint>
#include <string>

namespace fanfetch {

/// Where the parts of a canonical URL's text begin and end.
///
/// Units  byte offsets into the text, which is why a URL is shorter than 64 KiB
struct UrlLayout {
    std::uint16_t host_begin = 0;
    std::uint16_t host_end = 0;       ///< end of the host alone
    std::uint16_t authority_end = 0;  ///< end of host and port; the path begins here
    std::uint16_t path_end = 0;       ///< start of the query with its '?', or where that would be
    std::uint16_t target_end = 0;     ///< start of the fragment with its '#', or the end
    std::uint16_t port = 0;           ///< given or by default
    bool https = false;

    friend bool operator==(const UrlLayout&, const UrlLayout&) noexcept = default;
};

/// A URL as the parser hands it over: its text, and the layout that belongs to it.
struct CanonicalUrl {
    std::string href;
    UrlLayout layout;
};

}  // namespace fanfetch
