#pragma once

#include "settings.hpp"

namespace fanfetch {

/// `fanfetch serve`: runs the service until SIGTERM or SIGINT. A second signal ends it at once.
int serve(const Settings& settings);

}  // namespace fanfetch
