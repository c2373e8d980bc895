#pragma once

#include "settings.hpp"

#include <string>

namespace fanfetch {

/// Copies the data directory of the settings into an empty one, whether a service runs on it or
/// not, and says what came of it on stdout.
int backup(const Settings& settings, const std::string& directory);

}  // namespace fanfetch
