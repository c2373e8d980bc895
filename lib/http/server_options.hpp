#pragma once

#include "base/byte_size.hpp"
#include "base/metrics.hpp"
#include "http/server_parser.hpp"
#include "http/server_types.hpp"

#include <chrono>
#include <cstddef>
#include <functional>

namespace fanfetch {

class Logger;
class TlsIdentity;

/// What one client may cost us. The defaults are those of the settings of the same name.
struct ServerLimits {
    RequestLimits request{};
    std::size_t max_connections = 10'000;
    std::chrono::milliseconds header_timeout{10'000};  ///< from the first byte to the last line
    std::chrono::milliseconds idle_timeout{60'000};    ///< between requests
    std::chrono::milliseconds write_stall{30'000};     ///< without the client taking a single byte
    ByteSize min_upload_rate{1024};  ///< a second, once `header_timeout` of reading has passed
    std::size_t drained_bytes = 64 * 1024;  ///< of a body nobody read, to keep the connection
    std::chrono::milliseconds linger{
        2'000};  ///< for a client that still sends after the last reply
};

/// What a server counts.
struct ServerMetrics {
    Counter answers;  ///< by the first digit of their status

    [[nodiscard]] static ServerMetrics make(MetricRegistry& registry);
};

/// What a server needs beside its handler.
struct ServerOptions {
    ServerLimits limits{};
    /// Which requests are answered even when the server is full or out of descriptors: health and
    /// metrics. Everything else gets 503 then.
    std::function<bool(const HttpRequest&)> essential = [](const HttpRequest&) { return false; };
    TlsIdentity* tls = nullptr;              ///< what is shown to who connects; null: plain HTTP
    Logger* log = nullptr;                   ///< for what handlers throw; outlives the server
    const ServerMetrics* metrics = nullptr;  ///< outlives the server; null: nothing is counted
};

}  // namespace fanfetch
