#pragma once

#include <filesystem>

namespace fanfetch::testing {

/// The project's folder, for tests that read its files.
[[nodiscard]] const std::filesystem::path& source_tree();

}  // namespace fanfetch::testing
