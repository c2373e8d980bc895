#include "net/dial_plan.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace fanfetch {
namespace {

constexpr IpAddress loopback_v4{V4Bytes{127, 0, 0, 1}};
constexpr IpAddress loopback_v6{V6Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

/// The allowed answers of a name, no more of each family than could be dialled.
struct Candidates {
    std::vector<IpAddress> six;
    std::vector<IpAddress> four;

    void add(const IpAddress& address) {
        auto& family = address.v6() ? six : four;
        if (family.size() < most_dials && std::ranges::find(family, address) == family.end()) {
            family.push_back(address);
        }
    }

    [[nodiscard]] bool empty() const noexcept { return six.empty() && four.empty(); }

    [[nodiscard]] std::vector<IpEndpoint> in_turns(std::uint16_t port) const {
        std::vector<IpEndpoint> dials;
        for (std::size_t turn = 0; turn < most_dials; ++turn) {
            for (const auto* family : {&six, &four}) {
                if (turn < family->size() && dials.size() < most_dials) {
                    dials.push_back({(*family)[turn], port});
                }
            }
        }
        return dials;
    }
};

}  // namespace

Expected<std::vector<IpEndpoint>> plan_dials(
    const EgressRules& rules, std::span<const IpAddress> answers, std::uint16_t port,
    std::string_view host
) {
    if (answers.empty()) {
        return failed(failure_code::dns_nxdomain, "resolving the name: it has no address");
    }
    Candidates allowed;
    bool port_refused = false;
    for (const IpAddress& answer : answers) {
        switch (rules.judge(answer, port, host)) {
            case egress_verdict::poisoned:
                return refused_address();
            case egress_verdict::address:
                break;
            case egress_verdict::port:
                port_refused = true;
                break;
            case egress_verdict::allowed:
                allowed.add(answer);
                break;
        }
    }
    if (allowed.empty()) {
        return port_refused ? refused_port(port) : refused_address();
    }
    return allowed.in_turns(port);
}

Expected<std::vector<IpEndpoint>> plan_loopback(
    const EgressRules& rules, std::uint16_t port, std::string_view host
) {
    auto four = plan_dials(rules, std::array{loopback_v4}, port, host);
    const auto six = plan_dials(rules, std::array{loopback_v6}, port, host);
    if (!four) {
        return six;
    }
    if (six) {
        four->push_back(six->front());
    }
    return four;
}

std::vector<IpEndpoint> loopback_endpoints(std::uint16_t port) {
    return {{loopback_v4, port}, {loopback_v6, port}};
}

Expected<std::vector<IpEndpoint>> plan_literal(
    const EgressRules& rules, const IpAddress& address, std::uint16_t port
) {
    return plan_dials(rules, std::array{address}, port, {});
}

std::optional<IpAddress> literal_address(std::string_view host) noexcept {
    if (host.starts_with('[') && host.ends_with(']')) {
        const auto address = IpAddress::parse(host.substr(1, host.size() - 2));
        return address && address->v6() ? address : std::nullopt;
    }
    const auto address = IpAddress::parse(host);
    return address && !address->v6() ? address : std::nullopt;
}

Failure refused_address() {
    return failed(failure_code::policy_address, "connecting: the address may not be fetched from");
}

Failure refused_port(std::uint16_t port) {
    return failed(
        failure_code::policy_port,
        "connecting: port " + std::to_string(port) + " may not be fetched from"
    );
}

Failure refused_host(std::string_view host) {
    return failed(
        failure_code::policy_host,
        "connecting: the host \"" + std::string{host} + "\" may not be fetched from"
    );
}

}  // namespace fanfetch
