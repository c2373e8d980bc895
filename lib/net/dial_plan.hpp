#pragma once

#include "base/expected.hpp"
#include "net/egress_rules.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace fanfetch {

/// Dials of one attempt, however many addresses a name has.
inline constexpr std::size_t most_dials = 4;

/// Which of a name's addresses are dialled, in which order: pure.
///
/// Every answer is judged, those beyond the fourth too. One answer that is this machine or a
/// metadata service refuses the whole name: an honest name has no such answer, and a dishonest one
/// is not to choose which of its addresses we look at. Other refused answers are left out. IPv6 and
/// IPv4 take turns, IPv6 first.
///
/// Errors   policy_address, or policy_port when that alone stands in the way; dns_nxdomain when
///          there is no answer at all
/// Threads  any thread
/// Source   RFC 8305 §4 (the order); no address is sorted by RFC 6724, which would take a connect
[[nodiscard]] Expected<std::vector<IpEndpoint>> plan_dials(
    const EgressRules& rules, std::span<const IpAddress> answers, std::uint16_t port,
    std::string_view host
);

/// The same for localhost and the names below it, which are 127.0.0.1 and ::1 without asking:
/// whichever of the two is allowed is dialled.
[[nodiscard]] Expected<std::vector<IpEndpoint>> plan_loopback(
    const EgressRules& rules, std::uint16_t port, std::string_view host
);

/// 127.0.0.1 and ::1, unjudged: where a proxy of the operator's may be.
[[nodiscard]] std::vector<IpEndpoint> loopback_endpoints(std::uint16_t port);

/// The same for an address that stands in the URL itself.
[[nodiscard]] Expected<std::vector<IpEndpoint>> plan_literal(
    const EgressRules& rules, const IpAddress& address, std::uint16_t port
);

/// The address a URL's host is, if it is one: "192.0.2.1" or "[2001:db8::1]".
[[nodiscard]] std::optional<IpAddress> literal_address(std::string_view host) noexcept;

/// What a refusal says: the same words for every refused address, so that nothing about the
/// network behind us can be read from them.
[[nodiscard]] Failure refused_address();
[[nodiscard]] Failure refused_port(std::uint16_t port);
[[nodiscard]] Failure refused_host(std::string_view host);

}  // namespace fanfetch
