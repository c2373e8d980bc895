#pragma once

#include "base/expected.hpp"
#include "http/header_block.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace fanfetch {

enum class content_coding : std::uint8_t { gzip, deflate, brotli, zstd };

/// More layers than this have no honest use; each one multiplies what a bomb can do.
inline constexpr std::size_t max_content_codings = 2;

/// The value of Accept-Encoding: every coding that parse_content_encoding knows, and no other.
[[nodiscard]] std::string_view accept_encoding() noexcept;

/// The codings of a response in the order they were applied, from all its Content-Encoding fields.
///
/// `identity` and empty elements mean nothing, `x-gzip` means gzip, case does not matter.
///
/// Errors  decode_failed for an unknown coding and for more than max_content_codings
/// Source  RFC 9110 §8.4, §8.4.1
[[nodiscard]] Expected<std::vector<content_coding>> parse_content_encoding(const HeaderBlock& fields
);

}  // namespace fanfetch
