#pragma once

#include <cstdint>

namespace fanfetch::extract_part {

// What may be asked of a document, as bits of a set.
inline constexpr std::uint8_t title = 1;
inline constexpr std::uint8_t links = 2;
inline constexpr std::uint8_t text = 4;
inline constexpr std::uint8_t meta = 8;
inline constexpr std::uint8_t all = title | links | text | meta;

}  // namespace fanfetch::extract_part
