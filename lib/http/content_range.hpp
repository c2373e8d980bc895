#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fanfetch {

/// Which part of a representation a 206 carries.
struct ContentRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;      ///< the last byte itself
    std::uint64_t complete = 0;  ///< the length of the whole

    friend bool operator==(const ContentRange&, const ContentRange&) = default;
};

/// Reads a Content-Range field: "bytes 100-199/1000". nullopt for every other unit, for a part that
/// is not within the whole, for a whole of unknown length and for an unsatisfied range: nothing
/// can be put together with these.
///
/// Threads  pure
/// Source   RFC 9110 §14.4
[[nodiscard]] std::optional<ContentRange> parse_content_range(std::string_view text) noexcept;

}  // namespace fanfetch
