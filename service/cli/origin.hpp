#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace fanfetch {

/// The arguments of `fanfetch origin`, as they were written.
struct OriginOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8000;
    std::string directory;
    std::string delay = "500ms";  ///< or a range: "200ms-2s"
    double error_share = 0.25;
    std::uint16_t error_status = 418;
    std::uint64_t seed = 1;
    bool list = false;
    bool json = false;
};

void add_origin_options(CLI::App& verb, OriginOptions& options);

/// Serves for somebody's tests until SIGTERM or SIGINT; the exit code.
int run_origin(const OriginOptions& options);

}  // namespace fanfetch
