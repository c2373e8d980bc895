#include "cli/get_lineup.hpp"

#include <utility>

namespace fanfetch {

void HostLineup::add(GetItem item) {
    auto& entry = *hosts_.try_emplace(item.url.host_key()).first;
    entry.second.items.push_back(std::move(item));
    line_up(entry);
}

std::optional<GetItem> HostLineup::take() {
    if (turns_.empty()) {
        return std::nullopt;
    }
    auto& entry = *turns_.front();
    turns_.pop_front();
    auto& host = entry.second;
    host.in_turn = false;
    std::optional<GetItem> item{std::move(host.items.front())};
    host.items.pop_front();
    ++host.in_flight;
    line_up(entry);
    return item;
}

void HostLineup::ended(const Url& url) {
    const auto found = hosts_.find(url.host_key());
    auto& host = found->second;
    --host.in_flight;
    if (host.items.empty() && host.in_flight == 0) {
        hosts_.erase(found);  // a list may name more hosts than there is memory for
        return;
    }
    line_up(*found);
}

void HostLineup::line_up(Hosts::value_type& entry) {
    auto& host = entry.second;
    if (!host.in_turn && !host.items.empty() && host.in_flight < per_host_) {
        host.in_turn = true;
        turns_.push_back(&entry);
    }
}

}  // namespace fanfetch
