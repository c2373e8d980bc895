#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace fanfetch {

/// An option of a command, or an argument that has no name in front of it.
struct CommandOption {
    std::vector<std::string> names;  ///< "-i", "--input"; of an argument the one word it goes by
    std::string help;
    std::string otherwise;             ///< the default; empty: none is shown
    std::vector<std::string> choices;  ///< what its value may be; empty: anything
    bool takes_value = false;
    bool repeatable = false;
    bool required = false;
};

/// A command with everything that may follow it.
struct CommandTree {
    std::string name;
    std::string help;
    std::vector<CommandOption> options;
    std::vector<CommandOption> arguments;
    std::vector<CommandTree> commands;
};

/// What the parser of arguments takes: completions and the manual page are made from this and so
/// cannot say anything else.
[[nodiscard]] CommandTree command_tree(const CLI::App& program);

/// Calls `visit(path, command)` for a command and all below it, where a path is "fanfetch keys
/// add".
template <class Visit>
void for_each_command(const CommandTree& command, const std::string& path, const Visit& visit) {
    visit(path, command);
    for (const auto& inner : command.commands) {
        for_each_command(inner, path + ' ' + inner.name, visit);
    }
}

}  // namespace fanfetch
