#include "cli/man_page.hpp"

#include <algorithm>
#include <string_view>

namespace fanfetch {
namespace {

/// Text as roff takes it: no line begins with a command, and hyphens are minus signs, so that they
/// can be copied into a shell.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '\\':
                out += "\\e";
                break;
            case '-':
                out += "\\-";
                break;
            case '.':
            case '\'':
                out += out.empty() || out.back() == '\n' ? "\\&" : "";
                out += c;
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string upper(std::string text) {
    for (char& c : text) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return text;
}

/// The word that stands for an option's value.
std::string value_name(const CommandOption& option) {
    const auto& name = option.names.back();
    return upper(name.substr(std::min(name.find_first_not_of('-'), name.size())));
}

std::string choices_text(const CommandOption& option) {
    std::string text;
    for (const auto& choice : option.choices) {
        text += (text.empty() ? "" : ", ") + choice;
    }
    return text.empty() ? text : " One of: " + text + '.';
}

std::string option_entry(const CommandOption& option) {
    std::string entry = ".TP\n";
    std::string names;
    for (const auto& name : option.names) {
        names += (names.empty() ? "\\fB" : ", \\fB") + plain(name) + "\\fR";
    }
    entry += names + (option.takes_value ? " \\fI" + plain(value_name(option)) + "\\fR\n" : "\n");
    entry += plain(option.help) + '.' + plain(choices_text(option));
    entry += option.otherwise.empty() ? "\n" : plain(" Default: " + option.otherwise + ".") + '\n';
    return entry;
}

std::string argument_text(const CommandOption& argument) {
    const auto name = "\\fI" + plain(upper(argument.names.front())) + "\\fR";
    const auto many = argument.repeatable ? name + "..." : name;
    return argument.required ? many : '[' + many + ']';
}

std::string command_section(const std::string& path, const CommandTree& command) {
    std::string section = ".SS \"" + plain(path) + "\"\n\\fB" + plain(path) + "\\fR";
    section += command.options.empty() ? "" : " [\\fIOPTION\\fR...]";
    for (const auto& argument : command.arguments) {
        section += ' ' + argument_text(argument);
    }
    section += "\n.PP\n" + plain(command.help) + ".\n";
    for (const auto& argument : command.arguments) {
        section += ".TP\n" + argument_text(argument) + '\n' + plain(argument.help) + '.' +
                   plain(choices_text(argument)) + '\n';
    }
    for (const auto& option : command.options) {
        section += option_entry(option);
    }
    return section;
}

constexpr std::string_view closing = R"(.SH EXIT STATUS
.TP
\fB0\fR
All succeeded.
.TP
\fB1\fR
Some items failed, or output could not be written.
.TP
\fB2\fR
Arguments or settings.
.TP
\fB3\fR
The server could not be reached or refused; the service could not start.
.TP
\fB130\fR
Interrupted; what was fetched is kept.
.SH ENVIRONMENT
.TP
\fBFANFETCH_SERVER\fR
Address of the service, for the commands that talk to one.
.TP
\fBFANFETCH_API_KEY\fR
The API key they show, unless there is a key file.
.TP
\fBFANFETCH_\fISETTING\fR
A setting of the service; \fBfanfetch print\-settings\fR lists them.
)";

}  // namespace

std::string man_page(const CommandTree& program) {
    std::string page = ".TH FANFETCH 1 \"\" \"fanfetch " FANFETCH_VERSION "\" \"User Commands\"\n";
    page += ".SH NAME\nfanfetch \\- fetch lists of URLs, as a service or from the command line\n";
    page += ".SH SYNOPSIS\n\\fBfanfetch\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR...]\n";
    page += ".SH DESCRIPTION\n" + plain(program.help) + "\n.SH COMMANDS\n";
    for_each_command(program, program.name, [&](const std::string& path, const CommandTree& each) {
        page += path == program.name ? "" : command_section(path, each);
    });
    page += closing;
    return page;
}

}  // namespace fanfetch
