#include "fetch/http2_pool.hpp"

#include "fetch/http2_origin.hpp"

#include <algorithm>
#include <utility>

namespace fanfetch {

/// Whoever was to dial and did not say what came of it has been cancelled: the next one dials.
Http2Pool::Turn::~Turn() {
    if (origin_) {
        origin_->end_dial(Http2Origin::news::look_again);
    }
}

Http2Pool::~Http2Pool() {
    clear();
}

const std::shared_ptr<Http2Origin>& Http2Pool::at(const std::string& key) {
    auto& origin = origins_[key];
    if (!origin) {
        origin = std::make_shared<Http2Origin>();
    }
    return origin;
}

std::shared_ptr<Http2Connection> Http2Pool::take(const std::string& key) {
    const auto found = origins_.find(key);
    return found == origins_.end() ? nullptr : found->second->take();
}

awaitable<Http2Pool::Turn> Http2Pool::turn(std::string key, Patience patience) {
    const auto origin = at(key);  // shared: it may be forgotten while we wait
    for (;;) {
        if (auto connection = origin->take()) {
            co_return Turn{next_step::use, std::move(connection)};
        }
        const auto now = Steady::now();
        if (origin->may_dial(limits_.most_per_key, now)) {
            if (origin->speaks_http1(now)) {
                co_return Turn{next_step::dial, nullptr};
            }
            origin->begin_dial();
            co_return Turn{origin};
        }
        const auto until = origin->has_settled() ? patience.stream : patience.dial;
        switch (co_await origin->wait(until)) {
            case Http2Origin::news::look_again:
                break;
            case Http2Origin::news::dial_yourself:
                co_return Turn{next_step::dial, nullptr};
            case Http2Origin::news::too_late:
                co_return Turn{next_step::give_up, nullptr};
        }
    }
}

std::shared_ptr<Http2Connection> Http2Pool::adopt(
    Turn& turn, const std::string& key, std::unique_ptr<Connection> line
) {
    make_room();
    const auto& origin = at(key);
    auto connection = Http2Connection::start(std::move(line), limits_.connection, origin);
    origin->speaks(Http2Origin::speech::http2, Steady::now());
    if (!closing_) {
        origin->add(connection);
    }
    if (const auto waited_for = std::exchange(turn.origin_, nullptr)) {
        waited_for->end_dial(Http2Origin::news::look_again);
    }
    return connection;
}

void Http2Pool::found_http1(Turn& turn, const std::string& key) {
    at(key)->speaks(Http2Origin::speech::http1, Steady::now());
    if (const auto waited_for = std::exchange(turn.origin_, nullptr)) {
        waited_for->end_dial(Http2Origin::news::look_again);
    }
}

void Http2Pool::failed_to_dial(Turn& turn) {
    if (const auto waited_for = std::exchange(turn.origin_, nullptr)) {
        waited_for->end_dial(Http2Origin::news::dial_yourself);
    }
}

/// Nothing is idle after the pool has been cleared.
void Http2Pool::done_with(Http2Connection& connection, const std::string& key) const {
    const bool idle = connection.streams() == 0;
    if (closing_ || connection.place().wanted(connection.loop(), key, idle, Steady::now())) {
        connection.retire();
    }
}

void Http2Pool::give_up_idle(const IpAddress& address, std::size_t count) {
    for (auto& [key, origin] : origins_) {
        count -= origin->retire_idle(address, count);
    }
}

void Http2Pool::sweep(Steady::time_point now) {
    for (auto& [key, origin] : origins_) {
        origin->sweep(now - limits_.idle_limit);
    }
    std::erase_if(origins_, [now](const auto& entry) { return entry.second->forgettable(now); });
}

void Http2Pool::clear() {
    closing_ = true;
    renew();
    origins_.clear();
}

void Http2Pool::renew() {
    for (auto& [key, origin] : origins_) {
        origin->retire_all();
    }
}

std::size_t Http2Pool::connections() const noexcept {
    std::size_t count = 0;
    for (const auto& [key, origin] : origins_) {
        count += origin->connections();
    }
    return count;
}

void Http2Pool::make_room() {
    if (connections() < limits_.most) {
        return;
    }
    const auto oldest = std::ranges::min_element(origins_, {}, [](const auto& entry) {
        return entry.second->oldest_idle();
    });
    oldest->second->sweep(oldest->second->oldest_idle());
}

}  // namespace fanfetch
