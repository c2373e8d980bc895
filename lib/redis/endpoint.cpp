#include "redis/endpoint.hpp"

#include "net/dial_plan.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace fanfetch::redis {
namespace {

std::optional<IpAddress> address_in(const std::string& host) noexcept {
    const auto plain = IpAddress::parse(host);
    return plain ? plain : literal_address(host);
}

bool is_this_machine(const Endpoint& endpoint) noexcept {
    return endpoint.host == "localhost";
}

}  // namespace

std::string to_string(const Endpoint& endpoint) {
    if (const auto address = address_in(endpoint.host)) {
        return fanfetch::to_string(IpEndpoint{*address, endpoint.port});
    }
    return endpoint.host + ":" + std::to_string(endpoint.port);
}

bool is_name(const Endpoint& endpoint) noexcept {
    return !address_in(endpoint.host) && !is_this_machine(endpoint);
}

awaitable<Expected<std::vector<IpEndpoint>>> addresses_of(
    Endpoint endpoint, Resolver* names, Steady::time_point deadline
) {
    std::vector<IpAddress> addresses;
    if (const auto address = address_in(endpoint.host)) {
        addresses.push_back(*address);
    } else if (is_this_machine(endpoint)) {
        addresses.emplace_back(V4Bytes{127, 0, 0, 1});
        addresses.emplace_back(V6Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    } else {
        auto answer = co_await names->resolve(endpoint.host, deadline, {});
        if (!answer) {
            co_return answer.error();
        }
        addresses = std::move(answer->addresses);
    }
    std::vector<IpEndpoint> endpoints;
    addresses.resize(std::min(addresses.size(), most_dials));
    for (const auto& address : addresses) {
        endpoints.push_back({address, endpoint.port});
    }
    co_return endpoints;
}

}  // namespace fanfetch::redis
