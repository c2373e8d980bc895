#pragma once

#include "settings.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// What `fanfetch keys` was asked for.
struct KeysOrder {
    std::string file;  ///< empty: the file of the settings
    std::string id;    ///< of the key; empty for `add`: one is made up
    std::string tenant = "default";
    std::vector<std::string> scopes{"submit", "read", "control"};
    std::optional<std::uint64_t> max_jobs;  ///< what the key says of its tenant
    std::optional<std::uint64_t> max_queued_items;
    std::optional<std::uint64_t> max_stored_bytes;
    std::optional<double> requests_per_s;
    std::optional<std::uint32_t> weight;
    std::vector<std::string> egress_allow;
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
