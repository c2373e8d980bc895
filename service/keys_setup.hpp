#pragma once

#include "auth/live_keys.hpp"
#include "base/log.hpp"
#include "settings.hpp"

#include <memory>
#include <string>
#include <vector>

namespace fanfetch {

/// Where the keys are: auth.keys_file, else keys.toml in data.dir.
[[nodiscard]] std::string keys_path(const Settings& settings);

/// What keeps the service from starting with these settings and the keys there are; empty: nothing.
///
/// Without a key it listens on loopback only; `auth.mode` keys wants one in any case; a file that
/// is named has to be there, because a mistyped name would open the service; generate will make
/// one.
///
/// Threads  any; reads the file
[[nodiscard]] std::vector<std::string> check_keys(const Settings& settings);

/// The keys in force from now on. With `auth.mode` generate and no key yet, an admin key is made,
/// stored and printed on stderr, once.
///
/// Errors   what check_keys says, and what keeps a key from being stored
Expected<std::unique_ptr<LiveKeys>> open_keys(const Settings& settings, Logger& log);

}  // namespace fanfetch
