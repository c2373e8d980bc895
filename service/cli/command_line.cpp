#include "cli/command_line.hpp"

#include "cli/backup.hpp"
#include "cli/command_tree.hpp"
#include "cli/completion.hpp"
#include "cli/core_dumps.hpp"
#include "cli/get.hpp"
#include "cli/health.hpp"
#include "cli/keys.hpp"
#include "cli/known_command.hpp"
#include "cli/man_page.hpp"
#include "cli/origin.hpp"
#include "cli/serve.hpp"
#include "client/client_verbs.hpp"
#include "data_setup.hpp"
#include "keys_setup.hpp"
#include "settings.hpp"
#include "tls_setup.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

/// The options that every verb with settings has.
struct SettingsOptions {
    std::string file;
    std::vector<std::string> overrides;

    void add_to(CLI::App& verb) {
        verb.add_option("--config", file, "TOML file with settings");
        verb.add_option("--set", overrides, "One setting: key=value; may be repeated");
    }
};

LoadedSettings load(const SettingsOptions& options) {
    SettingsSources sources;
    sources.file = options.file;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        sources.environment.emplace_back(*entry);
    }
    sources.overrides = options.overrides;
    sources.machine = this_machine();
    return load_settings(sources);
}

/// Says everything that is wrong at once; true when nothing is.
bool report(const LoadedSettings& loaded) {
    for (const auto& warning : loaded.warnings) {
        std::fprintf(stderr, "warning: %s\n", warning.c_str());
    }
    for (const auto& error : loaded.errors) {
        std::fprintf(stderr, "error: %s\n", error.c_str());
    }
    return loaded.errors.empty();
}

}  // namespace

int run_command_line(int argc, char** argv) {
    leave_no_core_dumps();
    CLI::App program{"Fetches lists of URLs for other programs.", "fanfetch"};
    program.set_version_flag("--version", FANFETCH_VERSION);
    program.require_subcommand(1);
    SettingsOptions options;

    auto* serve_verb = program.add_subcommand("serve", "Run the service");
    options.add_to(*serve_verb);
    auto* check_verb =
        program.add_subcommand("check-config", "Check the settings and say what is wrong");
    options.add_to(*check_verb);
    auto* print_verb =
        program.add_subcommand("print-settings", "Print all settings and where they come from");
    options.add_to(*print_verb);
    auto* health_verb =
        program.add_subcommand("health", "Ask the service on this machine whether it lives");
    options.add_to(*health_verb);
    auto* get_verb =
        program.add_subcommand("get", "Fetch a list of URLs into files, without a server");
    GetOptions get_options;
    add_get_options(*get_verb, get_options);
    auto* origin_verb = program.add_subcommand(
        "origin", "Serve pages, delays, errors and every kind of misbehaviour, for tests"
    );
    OriginOptions origin_options;
    add_origin_options(*origin_verb, origin_options);
    auto* keys_verb = program.add_subcommand("keys", "Make, show and revoke API keys");
    options.add_to(*keys_verb);
    KeysOrder keys_order;
    add_keys_verbs(*keys_verb, keys_order);
    auto* completion_verb =
        program.add_subcommand("completion", "Print a script that completes commands in a shell");
    std::string shell;
    completion_verb->add_option("shell", shell, "The shell it is for")
        ->required()
        ->check(CLI::IsMember(completion_shells()));
    auto* man_verb = program.add_subcommand("man-page", "Print the manual page");
    ClientVerbs client_verbs;
    client_verbs.add_to(program);
    auto* backup_verb = program.add_subcommand(
        "backup", "Copy data.dir into an empty directory, while the service runs or not"
    );
    options.add_to(*backup_verb);
    std::string backup_directory;
    backup_verb->add_option("DIR", backup_directory, "Where to; made when it is missing")
        ->required();

    if (const auto wrong = argc > 1 ? why_no_command(program, argv[1]) : std::nullopt) {
        std::fprintf(stderr, "error: %s\n", wrong->c_str());
        return exit_usage;
    }
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return program.exit(error) == 0 ? exit_ok : exit_usage;
    }
    if (get_verb->parsed()) {
        return get(get_options);
    }
    if (origin_verb->parsed()) {
        return run_origin(origin_options);
    }
    if (const auto code = client_verbs.run()) {
        return *code;
    }
    if (completion_verb->parsed()) {
        std::fputs(completion_script(command_tree(program), shell).c_str(), stdout);
        return exit_ok;
    }
    if (man_verb->parsed()) {
        std::fputs(man_page(command_tree(program)).c_str(), stdout);
        return exit_ok;
    }
    auto loaded = load(options);
    if (serve_verb->parsed() || check_verb->parsed()) {
        loaded.add_findings(check_data_directory(loaded.settings));
        loaded.add_findings(check_keys(loaded.settings));
        loaded.add_findings(check_tls(loaded.settings));
    }
    if (!report(loaded)) {
        return exit_usage;
    }
    if (print_verb->parsed()) {
        std::fputs(print_settings(loaded).c_str(), stdout);
        return exit_ok;
    }
    if (check_verb->parsed()) {
        std::puts("the settings are good");
        return exit_ok;
    }
    if (health_verb->parsed()) {
        return health(loaded.settings);
    }
    if (backup_verb->parsed()) {
        return backup(loaded.settings, backup_directory);
    }
    if (keys_verb->parsed()) {
        return manage_keys(keys_order, keys_path(loaded.settings));
    }
    return serve(loaded.settings);
}

}  // namespace fanfetch
