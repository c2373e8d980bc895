#pragma once

#include "base/failure.hpp"
#include "model/options.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

namespace fanfetch {

/// What tells the requests of a job apart: two are the same when their digests are.
using RequestDigest = std::array<std::uint8_t, 16>;

/// One request of a job as it was submitted.
///
/// `extras` is the JSON text of the item's members other than `url` (its own id, metadata, method,
/// headers, timeouts …), canonical, or empty; it is read again only when the item is fetched or
/// shown, so that a million plain URLs cost a million plain rows.
struct Item {
    /// An index that the store gives when the item is appended.
    static constexpr std::uint64_t unnumbered = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t index = 0;
    std::string url;  ///< canonical; as given, when it could not be read
    std::string extras;
    std::optional<Failure> failure;  ///< why it can never be fetched: a bad URL, a bad line
    /// Given with an item that is appended: the store looks for an earlier one with the same.
    std::optional<RequestDigest> digest{};
    /// Index of that earlier item, whose result this one gets as well.
    std::optional<std::uint64_t> same_as{};

    /// How long its own texts are, in bytes.
    [[nodiscard]] std::size_t text_size() const noexcept { return url.size() + extras.size(); }
};

}  // namespace fanfetch
