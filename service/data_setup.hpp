#pragma once

#include "settings.hpp"

#include <string>
#include <vector>

namespace fanfetch {

/// Why the service could not work in `data.dir`, as far as can be told without making it or taking
/// its lock: it, or the place where it would be made, is no directory or may not be written to.
[[nodiscard]] std::vector<std::string> check_data_directory(const Settings& settings);

}  // namespace fanfetch
