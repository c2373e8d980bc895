#pragma once

#include "base/byte_size.hpp"
#include "base/log.hpp"
#include "model/options.hpp"
#include "model/options_reader.hpp"
#include "net/egress_proxy.hpp"
#include "settings_machine.hpp"
#include "store/segment_files.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

/// Who may talk to the service: see the setting `auth.mode`.
enum class auth_mode : std::uint8_t { automatic, keys, generate };

enum class dns_resolver : std::uint8_t { cares, system };

/// How the program is run. One member for each row of the table in settings.cpp, which is where
/// the defaults, bounds and meanings are; the setting `data.min_free` is `data.min_free` here.
struct Settings {
    std::uint64_t shards;
    struct Listen {
        std::string address;
        std::uint16_t port;
        std::string tls_certificate{};
        std::string tls_key{};
        std::vector<std::string> cors_origins{};
    } listen;
    struct Data {
        std::string dir;
        fanfetch::durability durability;
        ByteSize min_free;
    } data;
    struct Store {
        std::string url;
    } store;
    struct Auth {
        std::string keys_file;
        auth_mode mode;
    } auth;
    struct Egress {
        std::vector<std::string> allow;
        std::vector<std::string> deny;
        std::vector<std::string> ports;
        std::string proxy;
        fanfetch::proxy_resolve proxy_resolve;
        std::uint64_t max_connections;
        std::uint64_t max_connections_per_address;  ///< 0: as many as there are
        std::optional<ByteSize> bandwidth;          ///< a second
    } egress;
    struct HostCeiling {
        std::uint64_t max_concurrency;
        std::optional<double> max_rate;  ///< requests a second
        std::chrono::milliseconds max_retry_after;
        std::uint64_t breaker_failures;
        std::chrono::milliseconds breaker_cooldown;
    } host;
    struct JobConcurrency {
        std::uint64_t default_concurrency;
        std::uint64_t max_concurrency;
    } job;
    struct Fetch {
        std::chrono::milliseconds connect_timeout;
        std::chrono::milliseconds first_byte_timeout;
        std::chrono::milliseconds idle_timeout;
        std::chrono::milliseconds total_timeout;
        ByteSize max_body_bytes;
        ByteSize max_header_bytes;
        std::uint64_t max_redirects;
        std::string ca_file;
        std::string crl_file;
        std::string user_agent;
        bool allow_insecure_tls;
    } fetch;
    struct Extract {
        std::uint64_t workers;  ///< 0 until it is resolved
        std::chrono::milliseconds time_limit;
        ByteSize memory;
    } extract;
    struct Dns {
        std::vector<std::string> servers;
        std::chrono::milliseconds timeout;
        dns_resolver resolver;
    } dns;
    struct Limits {
        ByteSize max_body_bytes;
        std::chrono::milliseconds max_total_timeout;
        std::uint64_t max_redirects;
        ByteSize memory;
        std::uint64_t max_items_per_job;
        ByteSize max_json_body;
        std::uint64_t max_connections;
        std::chrono::milliseconds header_timeout;
        std::uint64_t max_queued_items;
        std::chrono::milliseconds max_wait;
        ByteSize min_upload_rate;  ///< a second
    } limits;
    struct Webhooks {
        std::chrono::milliseconds retry_span;
        std::chrono::milliseconds timeout;
        std::chrono::milliseconds keep_log;
    } webhooks;
    struct Shutdown {
        std::chrono::milliseconds grace;
    } shutdown;
    struct Sandbox {
        bool system_calls;
    } sandbox;
    struct Log {
        log_level level;
        log_format format;
    } log;
};

/// Where settings come from; a later source beats an earlier one.
struct SettingsSources {
    std::string file;                      ///< the TOML file; empty: none
    std::vector<std::string> environment;  ///< "NAME=value" each, of which FANFETCH_… are looked at
    std::vector<std::string> overrides;    ///< "key=value" each, from the command line
    Machine machine;                       ///< what "auto" stands for
};

struct LoadedSettings {
    Settings settings{};
    std::vector<std::string> origins;  ///< of each row's value: "default", "f.toml:3", a variable …
    std::vector<std::string> warnings;
    std::vector<std::string> errors;  ///< empty: the settings are good

    /// What was found about the key that the text begins with, preceded by where its value stands.
    [[nodiscard]] std::string located(std::string finding) const;
    /// Adds what a look at the whole found to the errors.
    void add_findings(std::vector<std::string> texts);
};

/// Reads and checks everything, and reports all that is wrong at once.
///
/// Unknown keys are errors in the file and on the command line; an unknown FANFETCH_ variable is a
/// warning, since Kubernetes makes some up for a service of that name.
///
/// Threads  any thread; reads the file
[[nodiscard]] LoadedSettings load_settings(const SettingsSources& sources);

/// The settings as a TOML file that loads back to the same settings, each with its origin. But for
/// the password in `egress.proxy`, which is not shown.
[[nodiscard]] std::string print_settings(const LoadedSettings& loaded);

/// config/README.md: every key with its default, bounds and meaning.
[[nodiscard]] std::string settings_reference();

/// config/fanfetch.toml: every key with its default, commented out.
[[nodiscard]] std::string settings_example();

/// What a job gets that asks for nothing.
[[nodiscard]] JobOptions default_job_options(const Settings& settings);

/// What a job may ask for at most.
[[nodiscard]] OptionLimits option_limits(const Settings& settings);

}  // namespace fanfetch
