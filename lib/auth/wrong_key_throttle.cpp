#include "auth/wrong_key_throttle.hpp"

#include "net/ip_address.hpp"

#include <algorithm>

namespace fanfetch {
namespace {

/// What peers are counted as that do not fit into the table.
constexpr std::string_view all_others = "others";

}  // namespace

std::string peer_group(std::string_view text) {
    constexpr std::size_t network_bytes = 8;
    constexpr V6Bytes mapped_network{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    constexpr std::size_t mapped_bytes = 12;
    const auto address = IpAddress::parse(text);
    if (!address || !address->v6()) {
        return std::string{text};
    }
    auto bytes = address->v6_bytes();
    // A socket for both families shows an IPv4 peer this way; all of them have one /64.
    if (!std::equal(bytes.begin(), bytes.begin() + mapped_bytes, mapped_network.begin())) {
        std::fill(bytes.begin() + network_bytes, bytes.end(), std::uint8_t{0});
    }
    return to_string(IpAddress{bytes});
}

Steady::time_point& WrongKeyThrottle::due_of(std::string_view peer, Steady::time_point now) {
    auto group = peer_group(peer);
    if (!due_.contains(group) && due_.size() >= limits_.peers) {
        std::erase_if(due_, [now](const Due::value_type& entry) { return entry.second <= now; });
        if (due_.size() >= limits_.peers) {
            group = all_others;
        }
    }
    return due_.try_emplace(std::move(group), now).first->second;
}

std::optional<std::chrono::milliseconds> WrongKeyThrottle::pause(
    std::string_view peer, Steady::time_point now
) {
    const std::lock_guard lock{mutex_};
    auto& due = due_of(peer, now);
    const auto paid = std::max(due, now) + limits_.each;
    const auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(paid - limits_.at_once * limits_.each - now);
    if (wait > limits_.longest) {
        return std::nullopt;
    }
    due = paid;
    return std::max(wait, std::chrono::milliseconds{0});
}

}  // namespace fanfetch
