#include "client/client_options.hpp"

#include <CLI/CLI.hpp>

#include <fstream>

namespace fanfetch {
namespace {

/// Far more than any key, and little enough to read a wrong file without harm.
constexpr std::size_t longest_key = 4096;

Expected<std::string> read_key(const std::string& path) {
    std::ifstream file{path};
    std::string text(longest_key, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || file.gcount() == 0) {
        return failed(failure_code::request_invalid, "reading the key from " + path + ": nothing");
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    text.resize(
        text.find_first_of("\r\n") == std::string::npos ? text.size() : text.find_first_of("\r\n")
    );
    return text;
}

}  // namespace

void add_client_options(CLI::App& verb, ClientOptions& options) {
    // Not with CLI11's own way to the environment: these verbs share one variable, and it would
    // fill it in for those that were not given, too.
    verb.add_option(
        "--server", options.server,
        "Address of the service; without it the variable FANFETCH_SERVER counts, then "
        "http://127.0.0.1:8080"
    );
    verb.add_option(
            "--key-file", options.key_file,
            "File whose first line is the API key; without it the variable FANFETCH_API_KEY counts"
    )
        ->check(CLI::ExistingFile);
    verb.add_option(
            "--ca-file", options.ca_file,
            "PEM file of trusted certificates instead of the system's, for https"
    )
        ->check(CLI::ExistingFile);
    verb.add_flag("--json", options.json, "Print what the service answers, as JSON");
    verb.add_flag("--quiet", options.quiet, "Say nothing but what was asked for, and what failed");
}

Expected<ApiAccess> access_of(const ClientOptions& options, const ClientEnvironment& environment) {
    const std::string otherwise =
        environment.server != nullptr ? environment.server : "http://127.0.0.1:8080";
    auto server = read_server_address(options.server.empty() ? otherwise : options.server);
    if (!server) {
        return server.error();
    }
    ApiAccess access{std::move(*server)};
    access.ca_file = options.ca_file;
    if (!options.key_file.empty()) {
        auto key = read_key(options.key_file);
        if (!key) {
            return key.error();
        }
        access.key = std::move(*key);
    } else if (environment.key != nullptr) {
        access.key = environment.key;
    }
    if (!is_plain_field_value(access.key)) {
        return failed(failure_code::request_invalid, "reading the API key: it is none");
    }
    return access;
}

}  // namespace fanfetch
