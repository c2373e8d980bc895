#pragma once

#include "base/expected.hpp"
#include "client/api_connection.hpp"

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace fanfetch {

/// What every verb against a server takes.
struct ClientOptions {
    std::string server;  ///< empty: FANFETCH_SERVER, else the service's usual place on this machine
    std::string key_file;
    std::string ca_file;
    bool json = false;
    bool quiet = false;
};

/// Declares them; parsing fills `options`, which outlives the verb.
void add_client_options(CLI::App& verb, ClientOptions& options);

/// What the environment says; null: nothing.
struct ClientEnvironment {
    const char* server = nullptr;  ///< FANFETCH_SERVER
    const char* key = nullptr;     ///< FANFETCH_API_KEY
};

/// Where the service is and the key to show: the first line of `--key-file`, else that of the
/// environment. A key never stands among the arguments, where everybody on the machine could read
/// it.
///
/// Errors   request_invalid or url_invalid: what was given makes no sense
[[nodiscard]] Expected<ApiAccess> access_of(
    const ClientOptions& options, const ClientEnvironment& environment
);

}  // namespace fanfetch
