#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fanfetch::origin {

/// How zlib frames what it packs.
enum class zlib_form { gzip, zlib, raw };

/// Errors  std::runtime_error when zlib refuses, which it does for want of memory only
[[nodiscard]] std::string packed(std::string_view bytes, zlib_form form);

/// As many zero bytes as told, in mebibytes, as gzip: 1,040 bytes for each. Made from the first
/// of them, so that it takes no time.
[[nodiscard]] std::string gzipped_zeros(std::uint32_t mebibytes);

/// One zstd frame.
[[nodiscard]] std::string zstd_packed(std::string_view bytes);

}  // namespace fanfetch::origin
