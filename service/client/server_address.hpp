#pragma once

#include "base/expected.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace fanfetch {

/// Where a service is reached: what `--server` says.
struct ServerAddress {
    bool https = false;
    std::string host;  ///< "example.com", "192.0.2.1" or "[2001:db8::1]"
    std::uint16_t port = 0;
    std::string host_header;
    std::string prefix;  ///< what a proxy in front has put before every path: "", "/fetching"
};

/// Reads "https://fetch.example.com", perhaps with a port and a path.
///
/// Errors   url_invalid
[[nodiscard]] Expected<ServerAddress> read_server_address(std::string_view text);

/// "https://fetch.example.com/prefix", for people.
[[nodiscard]] std::string to_string(const ServerAddress& server);

}  // namespace fanfetch
