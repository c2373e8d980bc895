#pragma once

#include "base/time.hpp"
#include "url/url.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

namespace fanfetch {

/// One URL of the list on its way.
struct GetItem {
    std::uint64_t index = 0;
    std::uint64_t line = 0;  ///< 0: an argument
    Url url;
    std::string name;  ///< of its file
    int attempts = 0;
    WallTime started_at{};
    Steady::time_point started{};
};

/// The items that wait for their turn, by host: a host whose slots are taken holds up nobody else.
///
/// Hosts take turns; the items of one host keep their order.
///
/// Threads  one loop
class HostLineup {
public:
    explicit HostLineup(std::size_t per_host) noexcept : per_host_{per_host} {}

    void add(GetItem item);

    /// The next item whose host has a free slot, which it now holds; nullopt when there is none.
    [[nodiscard]] std::optional<GetItem> take();

    /// An item that was taken from this host gives its slot back.
    void ended(const Url& url);

private:
    struct Host {
        std::deque<GetItem> items;
        std::size_t in_flight = 0;
        bool in_turn = false;
    };
    using Hosts = std::unordered_map<std::string, Host>;

    void line_up(Hosts::value_type& entry);

    std::size_t per_host_;
    Hosts hosts_;
    std::deque<Hosts::value_type*> turns_;  // those with an item and a free slot
};

}  // namespace fanfetch
