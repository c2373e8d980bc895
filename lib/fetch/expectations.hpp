#pragma once

#include "fetch/fetcher.hpp"
#include "model/options.hpp"

#include <optional>

namespace fanfetch {

/// Compares a whole response with what the caller said it would be; nullopt when it is.
///
/// Errors  integrity_size, integrity_digest, integrity_content_type
[[nodiscard]] std::optional<Failure> unmet(const Expectations& expected, const FetchOutcome& got);

/// Whether `status` is one of the accepted ones.
[[nodiscard]] bool accepted(std::uint16_t status, const std::vector<StatusRange>& ranges) noexcept;

}  // namespace fanfetch
