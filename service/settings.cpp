#include "settings.hpp"

#include "base/time.hpp"
#include "settings_table.hpp"

#include <algorithm>
#include <array>

namespace fanfetch {
namespace {

template <class Enum, std::size_t Size>
SettingSlot words(Enum& value, const std::array<std::string_view, Size>& spellings) {
    static_assert(sizeof(Enum) == 1);
    return WordSlot{spellings, reinterpret_cast<std::uint8_t*>(&value)};
}

// In the order of the enumerators.
constexpr std::array durability_words{std::string_view{"full"}, std::string_view{"os"}};
constexpr std::array auth_words{
    std::string_view{"auto"}, std::string_view{"keys"}, std::string_view{"generate"}};
constexpr std::array proxy_resolve_words{std::string_view{"local"}, std::string_view{"proxy"}};
constexpr std::array resolver_words{std::string_view{"cares"}, std::string_view{"system"}};
// One setting after the other, each in the same few lines: kept by hand.
// clang-format off
std::vector<SettingRow> make_rows() {
    // Defaults of the options of a job have their home beside the options.
    const JobOptions job;
    const Timeouts& timeouts = job.fetch.timeouts;
    const OptionLimits limits;
    return {
        {"listen.address", "127.0.0.1",
         [](Settings& s) -> SettingSlot { return &s.listen.address; }, "", "",
         "Address the API listens on. Anything but a loopback address needs API keys."},
        {"listen.port", "8080", [](Settings& s) -> SettingSlot { return &s.listen.port; }, "0",
         "65535", "Port the API listens on; 0 picks a free one, which the ready line tells."},
        {"listen.tls_certificate", "",
         [](Settings& s) -> SettingSlot { return &s.listen.tls_certificate; }, "", "",
         "PEM file with the certificate of the API and its chain: the API speaks HTTPS then. It is "
         "taken up again when it changes. Empty: plain HTTP."},
        {"listen.tls_key", "", [](Settings& s) -> SettingSlot { return &s.listen.tls_key; }, "", "",
         "PEM file with the key of listen.tls_certificate, without a passphrase."},
        {"listen.cors_origins", "",
         [](Settings& s) -> SettingSlot { return &s.listen.cors_origins; }, "", "",
         "Origins whose pages may use the API from a browser, such as https://console.example.com; "
         "* is any. Empty: none."},
        {"data.dir", "./data", [](Settings& s) -> SettingSlot { return &s.data.dir; }, "", "",
         "Directory of the database, the segments and the lock file. One process at a time."},
        {"data.durability", "full",
         [](Settings& s) { return words(s.data.durability, durability_words); }, "", "",
         "full: results are on the disk before anyone sees them; os: the kernel writes when it "
         "likes, and a power cut may lose what was acknowledged."},
        {"data.min_free", "1GiB", [](Settings& s) -> SettingSlot { return &s.data.min_free; }, "0B",
         "1024TiB",
         "Free disk space below which new jobs are refused and the service is not ready."},
        {"store.url", "sqlite:", [](Settings& s) -> SettingSlot { return &s.store.url; }, "", "",
         "Where jobs are kept: sqlite: is a database in data.dir."},
        {"shards", "auto", [](Settings& s) -> SettingSlot { return &s.shards; }, "1", "256",
         "Threads that serve and fetch; auto: as many as cores are usable (affinity, cgroup)."},
        {"auth.keys_file", "", [](Settings& s) -> SettingSlot { return &s.auth.keys_file; }, "", "",
         "File of API keys (TOML), which fanfetch keys writes; empty: keys.toml in data.dir. It may "
         "change while the service runs."},
        {"auth.mode", "auto", [](Settings& s) { return words(s.auth.mode, auth_words); }, "", "",
         "auto: a key is wanted if there is a file of keys, else everyone may use the service, on a "
         "loopback address only; keys: no start without a key; generate: a start without a key "
         "makes one with all scopes and prints it once."},
        {"egress.allow", "", [](Settings& s) -> SettingSlot { return &s.egress.allow; }, "", "",
         "Addresses (CIDR) and host names that may be fetched from although they are not globally "
         "routable, optionally with :port. Metadata addresses and our own cannot be allowed."},
        {"egress.deny", "", [](Settings& s) -> SettingSlot { return &s.egress.deny; }, "", "",
         "Addresses and host names that are never fetched from; beats egress.allow."},
        {"egress.ports", "", [](Settings& s) -> SettingSlot { return &s.egress.ports; }, "", "",
         "Ports that may be fetched from: numbers, ranges and the word default. Empty: 80, 443 and "
         "1024-65535 without the ports of well-known internal services."},
        {"egress.proxy", "", [](Settings& s) -> SettingSlot { return &s.egress.proxy; }, "", "",
         "Proxy for everything that is fetched, http://host:port or http://user:password@host:port. "
         "Its own address is not judged. Empty: none; variables such as http_proxy are not read."},
        {"egress.proxy_resolve", "local",
         [](Settings& s) { return words(s.egress.proxy_resolve, proxy_resolve_words); }, "", "",
         "local: names are resolved and judged here, and the proxy connects to that very address; "
         "proxy: the proxy resolves names and is trusted to judge what they stand for."},
        {"egress.max_connections", "10000",
         [](Settings& s) -> SettingSlot { return &s.egress.max_connections; }, "1", "1000000",
         "Connections in use to origins, on all shards together; five sixths of them for a tenant "
         "that is alone."},
        {"egress.max_connections_per_address", "0",
         [](Settings& s) -> SettingSlot { return &s.egress.max_connections_per_address; }, "0",
         "1000000",
         "Connections to any one IP address at a time, over all hosts, jobs and tenants; kept ones "
         "count. Behind egress.proxy what counts is the address the proxy is told to connect to. "
         "0: no bound."},
        {"egress.bandwidth", "none", [](Settings& s) -> SettingSlot { return &s.egress.bandwidth; },
         "1KiB", "1TiB", "Bytes a second that bodies may come with from origins, all together."},
        {"host.max_concurrency", "64",
         [](Settings& s) -> SettingSlot { return &s.host.max_concurrency; }, "1", "10000",
         "Exchanges with any one host at a time, whatever the jobs ask for."},
        {"host.max_rate", "none", [](Settings& s) -> SettingSlot { return &s.host.max_rate; },
         "0.001", "1000000", "Requests a second to any one host (\"30/m\" is 30 a minute)."},
        {"host.max_retry_after", "1h",
         [](Settings& s) -> SettingSlot { return &s.host.max_retry_after; }, "0s", "7d",
         "The longest Retry-After that is waited out."},
        {"host.breaker_failures", "10",
         [](Settings& s) -> SettingSlot { return &s.host.breaker_failures; }, "1", "1000",
         "Failures to connect, one after the other, that make a host wait."},
        {"host.breaker_cooldown", "30s",
         [](Settings& s) -> SettingSlot { return &s.host.breaker_cooldown; }, "1s", "1h",
         "How long such a host is left alone before it is tried again."},
        {"job.default_concurrency", std::to_string(job.concurrency),
         [](Settings& s) -> SettingSlot { return &s.job.default_concurrency; }, "1", "100000",
         "Items in flight of a job that does not say."},
        {"job.max_concurrency", std::to_string(limits.max_concurrency),
         [](Settings& s) -> SettingSlot { return &s.job.max_concurrency; }, "1", "100000",
         "Items in flight a job may ask for."},
        {"fetch.connect_timeout", to_string(timeouts.connect),
         [](Settings& s) -> SettingSlot { return &s.fetch.connect_timeout; }, "1ms", "1d",
         "TCP and TLS, for jobs that do not say."},
        {"fetch.first_byte_timeout", to_string(timeouts.first_byte),
         [](Settings& s) -> SettingSlot { return &s.fetch.first_byte_timeout; }, "1ms", "1d",
         "Until the response header is complete, for jobs that do not say."},
        {"fetch.idle_timeout", to_string(timeouts.idle),
         [](Settings& s) -> SettingSlot { return &s.fetch.idle_timeout; }, "1ms", "1d",
         "Between two reads of a body, for jobs that do not say."},
        {"fetch.total_timeout", to_string(timeouts.total),
         [](Settings& s) -> SettingSlot { return &s.fetch.total_timeout; }, "1ms", "1d",
         "One attempt with its redirects, for jobs that do not say."},
        {"fetch.max_body_bytes", to_string(ByteSize{job.fetch.max_body_bytes}),
         [](Settings& s) -> SettingSlot { return &s.fetch.max_body_bytes; }, "1B", "1TiB",
         "The largest body, decoded, for jobs that do not say."},
        {"fetch.max_header_bytes", "64KiB",
         [](Settings& s) -> SettingSlot { return &s.fetch.max_header_bytes; }, "1KiB", "1MiB",
         "The largest response header, interim responses and trailers included."},
        {"fetch.max_redirects", std::to_string(job.fetch.redirects.max),
         [](Settings& s) -> SettingSlot { return &s.fetch.max_redirects; }, "0", "1000",
         "Redirects followed, for jobs that do not say."},
        {"fetch.ca_file", "", [](Settings& s) -> SettingSlot { return &s.fetch.ca_file; }, "", "",
         "Certificates (PEM) that origins are verified against; empty: the system's."},
        {"fetch.crl_file", "", [](Settings& s) -> SettingSlot { return &s.fetch.crl_file; }, "", "",
         "Revocation lists (PEM) of authorities whose certificates are to be checked, read at "
         "start; empty: revocation is not checked."},
        {"fetch.user_agent", "fanfetch/" FANFETCH_VERSION,
         [](Settings& s) -> SettingSlot { return &s.fetch.user_agent; }, "", "",
         "User-Agent of requests that have none of their own."},
        {"fetch.allow_insecure_tls", "false",
         [](Settings& s) -> SettingSlot { return &s.fetch.allow_insecure_tls; }, "", "",
         "Whether a job may ask for tls.verify: off."},
        {"extract.workers", "auto", [](Settings& s) -> SettingSlot { return &s.extract.workers; },
         "1", "256", "Processes that parse documents for jobs with extract; auto: as many as cores "
         "are usable. They start with the first document."},
        {"extract.time_limit", "10s",
         [](Settings& s) -> SettingSlot { return &s.extract.time_limit; }, "100ms", "10m",
         "How long parsing one document may take; then its worker is killed and the item fails."},
        {"extract.memory", "512MiB", [](Settings& s) -> SettingSlot { return &s.extract.memory; },
         "128MiB", "64GiB", "Address space of one such process; the parser may hold half of it."},
        {"dns.servers", "", [](Settings& s) -> SettingSlot { return &s.dns.servers; }, "", "",
         "Name servers, address or address:port; empty: the system's."},
        {"dns.timeout", "5s", [](Settings& s) -> SettingSlot { return &s.dns.timeout; }, "100ms",
         "1m", "How long a name may take to resolve."},
        {"dns.resolver", "cares", [](Settings& s) { return words(s.dns.resolver, resolver_words); },
         "", "", "cares: asks the name servers itself, without waiting for one after the other; system: the "
         "C library's resolver on threads of its own, which knows /etc/hosts and whatever "
         "/etc/nsswitch.conf names, but not dns.servers."},
        {"limits.max_body_bytes", to_string(ByteSize{limits.max_body_bytes}),
         [](Settings& s) -> SettingSlot { return &s.limits.max_body_bytes; }, "1B", "1TiB",
         "The largest max_body_bytes a job may ask for."},
        {"limits.max_total_timeout", to_string(limits.max_total_timeout),
         [](Settings& s) -> SettingSlot { return &s.limits.max_total_timeout; }, "1ms", "1d",
         "The longest timeout a job may ask for."},
        {"limits.max_redirects", std::to_string(limits.max_redirects),
         [](Settings& s) -> SettingSlot { return &s.limits.max_redirects; }, "0", "1000",
         "The most redirects a job may ask for."},
        {"limits.memory", "auto", [](Settings& s) -> SettingSlot { return &s.limits.memory; },
         "16MiB", "1024TiB",
         "Memory for buffers and decoders; who does not fit waits. auto: half of what the cgroup "
         "or the machine has."},
        {"limits.max_items_per_job", "10000000",
         [](Settings& s) -> SettingSlot { return &s.limits.max_items_per_job; }, "1", "1000000000",
         "Items of one job."},
        {"limits.max_queued_items", "50000000",
         [](Settings& s) -> SettingSlot { return &s.limits.max_queued_items; }, "1", "10000000000",
         "Unfinished items of all jobs together."},
        {"limits.max_json_body", "8MiB",
         [](Settings& s) -> SettingSlot { return &s.limits.max_json_body; }, "1KiB", "1GiB",
         "The largest JSON body of a request to the API; line formats are streamed instead."},
        {"limits.max_connections", "10000",
         [](Settings& s) -> SettingSlot { return &s.limits.max_connections; }, "1", "1000000",
         "Connections to the API."},
        {"limits.header_timeout", "10s",
         [](Settings& s) -> SettingSlot { return &s.limits.header_timeout; }, "100ms", "10m",
         "How long a request's header may take to arrive."},
        {"limits.min_upload_rate", "1KiB",
         [](Settings& s) -> SettingSlot { return &s.limits.min_upload_rate; }, "0B", "1GiB",
         "Bytes a second a request's body must come with, after limits.header_timeout."},
        {"limits.max_wait", "60s", [](Settings& s) -> SettingSlot { return &s.limits.max_wait; },
         "0s", "1h", "The longest wait of one request; a longer one is shortened to it."},
        {"webhooks.retry_span", "1d",
         [](Settings& s) -> SettingSlot { return &s.webhooks.retry_span; }, "1s", "7d",
         "From the first to the last of the nine attempts at a webhook; the pauses between them keep "
         "their proportions."},
        {"webhooks.timeout", "20s",
         [](Settings& s) -> SettingSlot { return &s.webhooks.timeout; }, "100ms", "30s",
         "How long a receiver has to answer a webhook, connecting included."},
        {"webhooks.keep_log", "7d",
         [](Settings& s) -> SettingSlot { return &s.webhooks.keep_log; }, "1m", "90d",
         "How long deliveries that are over stay in the log; of each tenant 10,000 at most."},
        {"shutdown.grace", "25s", [](Settings& s) -> SettingSlot { return &s.shutdown.grace; },
         "0s", "1h", "How long running work may take to end when the service is told to stop."},
        {"sandbox.system_calls", "true",
         [](Settings& s) -> SettingSlot { return &s.sandbox.system_calls; }, "", "",
         "Whether the service keeps itself to the system calls on its list: no other program, no "
         "further process. false is for machines whose libraries need one that is not on it."},
        {"log.level", "info", [](Settings& s) { return words(s.log.level, log_level_words); }, "",
         "", "The least important events that are logged."},
        {"log.format", "auto", [](Settings& s) { return words(s.log.format, log_format_words); },
         "", "", "text: for people; json: one object a line; auto: text on a terminal, else json."},
    };
}
// clang-format on

}  // namespace

std::span<const SettingRow> setting_rows() {
    static const auto rows = make_rows();
    return rows;
}

void resolve_automatic(Settings& settings, const Machine& machine) {
    if (settings.shards == 0) {
        settings.shards = machine.cores;
    }
    if (settings.extract.workers == 0) {
        settings.extract.workers = machine.cores;
    }
    if (settings.limits.memory.bytes == 0) {
        settings.limits.memory.bytes = machine.memory.bytes / 2;
    }
}

JobOptions default_job_options(const Settings& settings) {
    const auto& fetch = settings.fetch;
    JobOptions options;
    options.concurrency = static_cast<int>(settings.job.default_concurrency);
    options.per_host_concurrency = options.concurrency;
    options.fetch.timeouts = {
        fetch.connect_timeout, fetch.first_byte_timeout, fetch.idle_timeout, fetch.total_timeout};
    options.fetch.max_body_bytes = fetch.max_body_bytes.bytes;
    options.fetch.redirects.max = static_cast<int>(fetch.max_redirects);
    return options;
}

OptionLimits option_limits(const Settings& settings) {
    return {
        .max_concurrency = static_cast<int>(settings.job.max_concurrency),
        .max_body_bytes = settings.limits.max_body_bytes.bytes,
        .max_total_timeout = settings.limits.max_total_timeout,
        .max_redirects = static_cast<int>(settings.limits.max_redirects),
        .allow_insecure_tls = settings.fetch.allow_insecure_tls,
    };
}

}  // namespace fanfetch
