#include "cli/command_tree.hpp"

#include <CLI/CLI.hpp>

#include <sstream>

namespace fanfetch {
namespace {

/// The words of a set, from the type's name that CLI11 makes: "TEXT:{auto,text}".
std::vector<std::string> choices_of(const std::string& type) {
    const auto begin = type.find('{');
    const auto end = type.find('}', begin == std::string::npos ? 0 : begin);
    if (begin == std::string::npos || end == std::string::npos) {
        return {};
    }
    std::istringstream words{type.substr(begin + 1, end - begin - 1)};
    std::vector<std::string> choices;
    for (std::string word; std::getline(words, word, ',');) {
        choices.push_back(word);
    }
    return choices;
}

CommandOption option_of(const CLI::Option& option) {
    CommandOption out;
    for (const auto& name : option.get_snames()) {
        out.names.push_back('-' + name);
    }
    for (const auto& name : option.get_lnames()) {
        out.names.push_back("--" + name);
    }
    if (out.names.empty()) {
        out.names.push_back(option.get_name(true));
    }
    out.help = option.get_description();
    out.otherwise = option.get_default_str();
    out.takes_value = option.get_items_expected_max() > 0;
    out.repeatable = option.get_items_expected_max() > 1;
    out.required = option.get_required();
    out.choices = out.takes_value ? choices_of(option.get_type_name()) : std::vector<std::string>{};
    return out;
}

}  // namespace

CommandTree command_tree(const CLI::App& program) {
    CommandTree tree;
    tree.name = program.get_name();
    tree.help = program.get_description();
    for (const auto* const option : program.get_options()) {
        auto& list = option->get_positional() ? tree.arguments : tree.options;
        list.push_back(option_of(*option));
    }
    for (const auto* const inner : program.get_subcommands([](const CLI::App*) { return true; })) {
        tree.commands.push_back(command_tree(*inner));
    }
    return tree;
}

}  // namespace fanfetch
