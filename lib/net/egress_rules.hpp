#pragma once

#include "base/expected.hpp"
#include "net/address_policy.hpp"
#include "net/egress_entry.hpp"
#include "net/host_policy.hpp"
#include "net/port_policy.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// For whom we fetch.
enum class egress_profile : std::uint8_t {
    service,   ///< for strangers: globally routable addresses only
    personal,  ///< for the person at the keyboard: private addresses too, metadata never
};

/// The settings the rules are made from, as they are written.
struct EgressSettings {
    std::vector<std::string> allow{};  ///< egress.allow; for a tenant, its egress_allow besides
    std::vector<std::string> deny{};   ///< egress.deny
    std::vector<std::string> ports{};  ///< egress.ports; empty means the profile's
    egress_profile profile = egress_profile::service;

    /// Where this program itself listens. 0.0.0.0 and :: stand for every address of the machine.
    std::vector<IpEndpoint> own_listeners{};
    /// Tells the machine's addresses. Asked only when a wildcard listener has the port in
    /// question, so that an address which came later counts as well.
    std::function<std::vector<IpAddress>()> machine_addresses{};
};

/// What the rules say of one dial.
enum class egress_verdict : std::uint8_t {
    allowed,
    port,      ///< refused for its port
    address,   ///< refused for its address
    poisoned,  ///< this machine or a metadata service: a name with such an answer fails as a whole
};

/// Which hosts, addresses and ports may be dialled: the table of `classify`, the ports, and the
/// operator's exceptions.
///
/// Deny beats allow. An allow entry lifts the refusal of what it names: an address, a block, or
/// a name with all its addresses. With `:port` it holds for that port alone, and that port is
/// allowed there whatever `egress.ports` says; without, `egress.ports` still decides. An IPv6
/// address that carries an IPv4 address needs both allowed. Metadata services and our own
/// listeners are beyond any exception.
///
/// Errors   of make: request_invalid, all faulty entries in one detail
/// Threads  immutable, share it freely
class EgressRules {
public:
    [[nodiscard]] static Expected<EgressRules> make(const EgressSettings& settings);

    /// Whether anything could be dialled at this port, so that a name server is not asked in vain.
    [[nodiscard]] bool port_possible(std::uint16_t port) const noexcept;

    /// Whether the name may be resolved at all. Loopback names are judged by their addresses.
    [[nodiscard]] bool host_allowed(std::string_view host, std::uint16_t port) const noexcept;

    /// Judges one address; `host` is the name it was an answer for, empty for a literal.
    [[nodiscard]] egress_verdict judge(
        const IpAddress& address, std::uint16_t port, std::string_view host
    ) const;

private:
    EgressRules() = default;

    [[nodiscard]] bool denied(const IpAddress& address, std::uint16_t port, std::string_view host)
        const noexcept;
    [[nodiscard]] bool lifted(const IpAddress& address, std::uint16_t port, std::string_view host)
        const noexcept;
    [[nodiscard]] bool port_lifted(
        const IpAddress& address, std::uint16_t port, std::string_view host
    ) const noexcept;
    [[nodiscard]] bool ours(const IpAddress& address, std::uint16_t port) const;
    [[nodiscard]] bool reaches(const IpAddress& dialled, const IpAddress& listener) const;

    std::vector<EgressEntry> allow_;
    std::vector<EgressEntry> deny_;
    PortPolicy ports_ = PortPolicy::standard();
    std::vector<IpEndpoint> own_;
    std::function<std::vector<IpAddress>()> machine_addresses_;
    bool single_labels_ = false;
};

/// The addresses of this machine's interfaces, asked of the kernel.
///
/// Threads  any thread
[[nodiscard]] std::vector<IpAddress> machine_addresses();

}  // namespace fanfetch
