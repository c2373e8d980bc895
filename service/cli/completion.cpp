#include "cli/completion.hpp"

namespace fanfetch {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

/// Everything that may come next but for values: commands, then options.
std::string words_of(const CommandTree& command) {
    std::vector<std::string> words;
    for (const auto& inner : command.commands) {
        words.push_back(inner.name);
    }
    for (const auto& argument : command.arguments) {
        words.insert(words.end(), argument.choices.begin(), argument.choices.end());
    }
    for (const auto& option : command.options) {
        words.insert(words.end(), option.names.begin(), option.names.end());
    }
    return joined(words);
}

/// One branch of a `case` over a command and the word before the one that is completed.
std::string value_branch(const std::string& path, const CommandOption& option) {
    std::string patterns;
    for (const auto& name : option.names) {
        patterns += (patterns.empty() ? "\"" : "|\"") + path + ' ' + name + '"';
    }
    return "        " + patterns + ")\n            offered='" + joined(option.choices) +
           "'; values=1 ;;\n";
}

/// For bash, and for zsh, where `path` and `words` are the shell's own and an offset that begins
/// with a letter is none.
std::string bash_script(const CommandTree& program) {
    std::string paths;
    std::string values;
    std::string words;
    for_each_command(
        program, program.name,
        [&](const std::string& path, const CommandTree& command) {
            if (path != program.name) {
                paths += (paths.empty() ? "\"" : "|\"") + path + '"';
            }
            for (const auto& option : command.options) {
                values += option.takes_value ? value_branch(path, option) : "";
            }
            words += "            \"" + path + "\") offered='" + words_of(command) + "' ;;\n";
        }
    );
    return "# Completion of fanfetch for bash, made by `fanfetch completion bash`.\n"
           "_fanfetch() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local named=" +
           program.name +
           " offered= values= word\n"
           "    for word in \"${COMP_WORDS[@]:1:$((COMP_CWORD-1))}\"; do\n"
           "        case \"$named $word\" in\n"
           "            " +
           paths +
           ") named+=\" $word\" ;;\n"
           "        esac\n"
           "    done\n"
           "    case \"$named $before\" in\n" +
           values +
           "    esac\n"
           "    if [ -z \"$values\" ]; then\n"
           "        case \"$named\" in\n" +
           words +
           "        esac\n"
           "    fi\n"
           "    COMPREPLY=($(compgen -W \"$offered\" -- \"$current\"))\n"
           "}\n"
           "complete -o default -F _fanfetch " +
           program.name + "\n";
}

/// In single quotes, as fish reads them.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        out += c == '\'' || c == '\\' ? "\\" : "";
        out += c;
    }
    return out + '\'';
}

/// When a command has been named, and none below it.
std::string fish_condition(const std::string& path, const CommandTree& command) {
    std::string condition;
    for (std::size_t at = path.find(' '); at != std::string::npos;) {
        const auto next = path.find(' ', at + 1);
        condition += (condition.empty() ? "" : "; and ") +
                     ("__fish_seen_subcommand_from " + path.substr(at + 1, next - at - 1));
        at = next;
    }
    std::string below;
    for (const auto& inner : command.commands) {
        below += ' ' + inner.name;
    }
    if (!below.empty()) {
        condition +=
            (condition.empty() ? "" : "; and ") + ("not __fish_seen_subcommand_from" + below);
    }
    return condition;
}

std::string fish_option(const std::string& start, const CommandOption& option) {
    std::string line = start;
    for (const auto& name : option.names) {
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (!option.choices.empty()) {
        line += " -x -a " + quoted(joined(option.choices));
    } else if (option.takes_value) {
        line += " -r";
    }
    return line + " -d " + quoted(option.help) + '\n';
}

std::string fish_script(const CommandTree& program) {
    std::string script = "# Completion of fanfetch for fish, made by `fanfetch completion fish`.\n";
    for_each_command(
        program, program.name,
        [&](const std::string& path, const CommandTree& command) {
            const auto start =
                "complete -c " + program.name + " -n " + quoted(fish_condition(path, command));
            for (const auto& inner : command.commands) {
                script += start + " -f -a " + inner.name + " -d " + quoted(inner.help) + '\n';
            }
            for (const auto& argument : command.arguments) {
                script += argument.choices.empty()
                              ? ""
                              : start + " -f -a " + quoted(joined(argument.choices)) + '\n';
            }
            for (const auto& option : command.options) {
                script += fish_option(start, option);
            }
        }
    );
    return script;
}

}  // namespace

std::vector<std::string> completion_shells() {
    return {"bash", "zsh", "fish"};
}

std::string completion_script(const CommandTree& program, std::string_view shell) {
    if (shell == "fish") {
        return fish_script(program);
    }
    if (shell == "zsh") {
        // As a file of fpath it is read when somebody completes for the first time, and has to
        // answer.
        return "#compdef " + program.name + "\nautoload -U +X bashcompinit && bashcompinit\n" +
               bash_script(program) +
               "[[ ${funcstack[1]} != _fanfetch ]] || _bash_complete -o default -F _fanfetch\n";
    }
    return bash_script(program);
}

}  // namespace fanfetch
