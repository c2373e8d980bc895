#pragma once

#include "settings.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace fanfetch {

/// What `fanfetch keys` was asked for.
struct KeysOrder {
    std::string file;  ///< empty: the file of the settings
    std::string id;    ///< of the key; empty for `add`: one is made up
    std::string tenant = "default";
    std::vector<std::string> scopes{"submit", "read", "control"};
    CLI::App* add = nullptr;
    CLI::App* list = nullptr;
    CLI::App* revoke = nullptr;
};

/// Describes `keys add`, `keys list` and `keys revoke` to the parser of arguments.
void add_keys_verbs(CLI::App& verb, KeysOrder& order);

/// Works on the file, whether a service runs or not; one that runs takes the change up within
/// seconds. `add` prints the key alone on stdout, so that a script can take it.
int manage_keys(const KeysOrder& order, const std::string& file_of_settings);

}  // namespace fanfetch
