#include "base/time.hpp"
#include "model/request_rules.hpp"
#include "net/egress_entry.hpp"
#include "net/ip_address.hpp"
#include "net/port_policy.hpp"
#include "settings_table.hpp"
#include "url/url.hpp"

namespace fanfetch {
namespace {

constexpr std::uint16_t dns_port = 53;

/// Collects what is wrong, each beginning with the key at fault.
class Findings {
public:
    void require(bool good, std::string_view key, std::string_view wrong) {
        if (!good) {
            texts_.push_back(std::string{key} + ": " + std::string{wrong});
        }
    }
    /// That one value is not above another.
    template <class Value>
    void require_order(std::string_view key, Value value, std::string_view limit_key, Value limit) {
        require(value <= limit, key, "is more than " + std::string{limit_key} + " allows");
    }
    [[nodiscard]] std::vector<std::string> take() { return std::move(texts_); }

private:
    std::vector<std::string> texts_;
};

void check_listening(const Settings& settings, Findings& findings) {
    const auto address = IpAddress::parse(settings.listen.address);
    findings.require(address.has_value(), "listen.address", "expected an IP address");
    const bool pair = settings.listen.tls_certificate.empty() == settings.listen.tls_key.empty();
    findings.require(
        pair, settings.listen.tls_key.empty() ? "listen.tls_key" : "listen.tls_certificate",
        "a certificate and its key go together"
    );
    for (const auto& origin : settings.listen.cors_origins) {
        const auto url = Url::parse(origin);
        // As browsers write it: no path, no default port, nothing in capitals.
        findings.require(
            origin == "*" || (url.has_value() && url->href() == origin + "/"),
            "listen.cors_origins", "expected an origin such as https://a.example, found " + origin
        );
    }
}

void check_egress(const Settings& settings, Findings& findings) {
    for (const auto& [key, entries] :
         {std::pair{"egress.allow", &settings.egress.allow},
          std::pair{"egress.deny", &settings.egress.deny}}) {
        for (const auto& text : *entries) {
            const auto entry = EgressEntry::parse(text);
            findings.require(entry.has_value(), key, entry ? "" : entry.error().detail);
        }
    }
    if (const auto& text = settings.egress.proxy; !text.empty()) {
        const auto proxy = EgressProxy::parse(text);
        findings.require(proxy.has_value(), "egress.proxy", proxy ? "" : proxy.error().detail);
    }
    const auto ports = PortPolicy::parse(settings.egress.ports);
    findings.require(ports.has_value(), "egress.ports", ports ? "" : ports.error().detail);
    findings.require(
        settings.dns.servers.empty() || settings.dns.resolver == dns_resolver::cares, "dns.servers",
        "the C library's resolver (dns.resolver) reads its name servers from resolv.conf"
    );
    for (const auto& server : settings.dns.servers) {
        findings.require(
            parse_endpoint(server, dns_port).has_value(), "dns.servers",
            "expected an IP address, perhaps with a port, found " + server
        );
    }
}

void check_fetching(const Settings& settings, Findings& findings) {
    const auto& fetch = settings.fetch;
    const auto& limits = settings.limits;
    for (const auto& [key, timeout] :
         {std::pair{"fetch.connect_timeout", fetch.connect_timeout},
          std::pair{"fetch.first_byte_timeout", fetch.first_byte_timeout},
          std::pair{"fetch.idle_timeout", fetch.idle_timeout},
          std::pair{"fetch.total_timeout", fetch.total_timeout}}) {
        findings.require_order(key, timeout, "limits.max_total_timeout", limits.max_total_timeout);
    }
    findings.require_order(
        "fetch.max_body_bytes", fetch.max_body_bytes, "limits.max_body_bytes", limits.max_body_bytes
    );
    findings.require_order(
        "fetch.max_redirects", fetch.max_redirects, "limits.max_redirects", limits.max_redirects
    );
    findings.require_order(
        "job.default_concurrency", settings.job.default_concurrency, "job.max_concurrency",
        settings.job.max_concurrency
    );
    const auto why = why_not_header("User-Agent", fetch.user_agent);
    findings.require(
        !why && !fetch.user_agent.empty(), "fetch.user_agent", why.value_or("is empty")
    );
}

}  // namespace

std::vector<std::string> doubt_settings(const Settings& settings) {
    Findings findings;
    for (const auto& text : settings.egress.allow) {
        const auto entry = EgressEntry::parse(text);
        findings.require(
            !entry || !entry->never_allowed(), "egress.allow",
            text + " is a cloud's metadata service, which nothing can allow"
        );
    }
    return findings.take();
}

std::vector<std::string> check_settings(const Settings& settings) {
    Findings findings;
    check_listening(settings, findings);
    findings.require(!settings.data.dir.empty(), "data.dir", "is empty");
    findings.require(
        settings.store.url == "sqlite:", "store.url", "this version supports sqlite: only"
    );
    check_egress(settings, findings);
    check_fetching(settings, findings);
    return findings.take();
}

}  // namespace fanfetch
