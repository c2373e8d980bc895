#pragma once

#include "cli/command_tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// The shells there are completions for.
[[nodiscard]] std::vector<std::string> completion_shells();

/// A script that completes the program's commands, options and the values they choose from; where
/// anything may stand, file names. `shell` is one of `completion_shells`.
///
/// Source   bash(1), Programmable Completion; zshcompsys(1), bashcompinit; fish-completions(1)
[[nodiscard]] std::string completion_script(const CommandTree& program, std::string_view shell);

}  // namespace fanfetch
