#pragma once

#include "fetch/fetcher.hpp"
#include "http/response_head.hpp"
#include "model/options.hpp"

#include <optional>

namespace fanfetch {

/// How long the origin says that the body would be which a HEAD does not bring; nullopt when it
/// does not say, or speaks of a coded one.
[[nodiscard]] std::optional<std::uint64_t> size_told(const ResponseHead& head);

/// Compares a whole response with what the caller said it would be; nullopt when it is. `size` is
/// that of the body in bytes, if it is known.
///
/// Errors  integrity_size, integrity_digest, integrity_content_type
[[nodiscard]] std::optional<Failure> unmet(
    const Expectations& expected, const FetchOutcome& got, std::optional<std::uint64_t> size
);

/// Whether `status` is one of the accepted ones.
[[nodiscard]] bool accepted(std::uint16_t status, const std::vector<StatusRange>& ranges) noexcept;

}  // namespace fanfetch
