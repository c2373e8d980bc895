#pragma once

#include "base/expected.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch::origin {

/// Something to serve.
struct Page {
    std::string content_type;
    std::string body;
};

/// Longer files are not served: they are held in memory while they are sent.
inline constexpr std::uint64_t longest_page = std::uint64_t{1} << 30U;

/// The file at `path` ("/flags/se.svg", decoded and without dot segments) below `directory`.
/// Blocks: not for a loop's thread.
///
/// Errors  api_not_found when there is no such file, or it is too long
[[nodiscard]] Expected<Page> read_page(
    const std::filesystem::path& directory, std::string_view path
);

/// A page of so many bytes that is always the same for the same path.
[[nodiscard]] Page made_up_page(std::string_view path, std::uint64_t bytes);

}  // namespace fanfetch::origin
