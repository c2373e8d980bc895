#include "net/egress_rules.hpp"

#include <algorithm>
#include <array>

namespace fanfetch {
namespace {

// What a person may mean by an address on their own network. 198.18.0.0/15 is here because local
// proxies answer every name with an address from it.
constexpr auto personal_blocks = std::to_array<std::string_view>(
    {"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
     "100.64.0.0/10", "198.18.0.0/15", "::1/128", "fc00::/7", "fe80::/10"}
);

void parse_entries(
    const std::vector<std::string>& texts, std::vector<EgressEntry>& entries, std::string& faults
) {
    for (const std::string& text : texts) {
        auto entry = EgressEntry::parse(text);
        if (entry) {
            entries.push_back(std::move(*entry));
            continue;
        }
        faults += faults.empty() ? "" : "; ";
        faults += entry.error().detail;
    }
}

bool covers(const EgressEntry& entry, const IpAddress& address, std::string_view host) noexcept {
    return entry.covers(address) || (!host.empty() && entry.covers(host));
}

/// The addresses that must be judged besides the one that is written.
struct Inner {
    std::array<std::optional<IpAddress>, 2> addresses;

    explicit Inner(const IpAddress& outer) : addresses{embedded_v4(outer), teredo_server(outer)} {}

    template <class Predicate>
    [[nodiscard]] bool any(Predicate predicate) const {
        return std::ranges::any_of(addresses, [&](const auto& one) {
            return one && predicate(*one);
        });
    }
};

}  // namespace

Expected<EgressRules> EgressRules::make(const EgressSettings& settings) {
    EgressRules rules;
    std::string faults;
    parse_entries(settings.allow, rules.allow_, faults);
    parse_entries(settings.deny, rules.deny_, faults);
    if (auto ports = PortPolicy::parse(settings.ports)) {
        rules.ports_ = *ports;
    } else {
        faults += (faults.empty() ? "" : "; ") + ports.error().detail;
    }
    if (!faults.empty()) {
        return failed(failure_code::request_invalid, std::move(faults));
    }
    if (settings.profile == egress_profile::personal) {
        for (const std::string_view block : personal_blocks) {
            rules.allow_.push_back(*EgressEntry::parse(block));
        }
        if (settings.ports.empty()) {
            rules.ports_ = PortPolicy::personal();
        }
        rules.single_labels_ = true;
    }
    rules.own_ = settings.own_listeners;
    rules.machine_addresses_ = settings.machine_addresses;
    return rules;
}

bool EgressRules::port_possible(std::uint16_t port) const noexcept {
    return port != 0 &&
           (ports_.allows(port) || std::ranges::any_of(allow_, [port](const EgressEntry& entry) {
                return entry.port == port;
            }));
}

bool EgressRules::host_allowed(std::string_view host, std::uint16_t port) const noexcept {
    const auto names_it = [=](const EgressEntry& entry) {
        return entry.covers(host) && entry.covers_port(port);
    };
    if (std::ranges::any_of(deny_, names_it)) {
        return false;
    }
    switch (classify_host(host)) {
        case host_class::ordinary:
        case host_class::loopback:
            return true;
        case host_class::single_label:
            return single_labels_ || std::ranges::any_of(allow_, names_it);
        case host_class::metadata:
        case host_class::impossible:
            break;
    }
    return false;
}

egress_verdict EgressRules::judge(
    const IpAddress& address, std::uint16_t port, std::string_view host
) const {
    const address_class kind = classify(address);
    if (kind == address_class::metadata || ours(address, port)) {
        return egress_verdict::poisoned;
    }
    const egress_verdict refusal =
        kind == address_class::loopback ? egress_verdict::poisoned : egress_verdict::address;
    if (denied(address, port, host)) {
        return refusal;
    }
    if (kind != address_class::global && !lifted(address, port, host)) {
        return refusal;
    }
    const bool port_good = ports_.allows(port) || port_lifted(address, port, host);
    return port != 0 && port_good ? egress_verdict::allowed : egress_verdict::port;
}

bool EgressRules::denied(const IpAddress& address, std::uint16_t port, std::string_view host)
    const noexcept {
    if (deny_.empty()) {
        return false;
    }
    const Inner inner{address};
    return std::ranges::any_of(deny_, [&](const EgressEntry& entry) {
        return entry.covers_port(port) &&
               (covers(entry, address, host) ||
                inner.any([&](const IpAddress& one) { return entry.covers(one); }));
    });
}

bool EgressRules::lifted(const IpAddress& address, std::uint16_t port, std::string_view host)
    const noexcept {
    const auto named = [&](const IpAddress& one) {
        return std::ranges::any_of(allow_, [&](const EgressEntry& entry) {
            return entry.covers_port(port) && covers(entry, one, host);
        });
    };
    const auto refused = [&](const IpAddress& one) {
        return classify(one) != address_class::global && !named(one);
    };
    return named(address) && !Inner{address}.any(refused);
}

bool EgressRules::port_lifted(const IpAddress& address, std::uint16_t port, std::string_view host)
    const noexcept {
    return std::ranges::any_of(allow_, [&](const EgressEntry& entry) {
        return entry.port == port && covers(entry, address, host);
    });
}

bool EgressRules::ours(const IpAddress& address, std::uint16_t port) const {
    const auto listened_on = [&](const IpAddress& one) {
        return std::ranges::any_of(own_, [&](const IpEndpoint& own) {
            return own.port == port && reaches(one, own.address);
        });
    };
    return listened_on(address) || Inner{address}.any(listened_on);
}

bool EgressRules::reaches(const IpAddress& dialled, const IpAddress& listener) const {
    if (dialled == listener || dialled.unspecified()) {
        return true;
    }
    if (!listener.unspecified()) {
        return false;
    }
    if (classify(dialled) == address_class::loopback) {
        return true;
    }
    const auto machine = machine_addresses_ ? machine_addresses_() : std::vector<IpAddress>{};
    return std::ranges::find(machine, dialled) != machine.end();
}

}  // namespace fanfetch
