#include "net/address_places.hpp"

#include "net/connection.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace fanfetch {

AddressPlace::AddressPlace(AddressPlace&& other) noexcept
    : places_{std::exchange(other.places_, nullptr)},
      address_{other.address_},
      since_{other.since_} {}

AddressPlace& AddressPlace::operator=(AddressPlace&& other) noexcept {
    if (this != &other) {
        give_back();
        places_ = std::exchange(other.places_, nullptr);
        address_ = other.address_;
        since_ = other.since_;
    }
    return *this;
}

void AddressPlace::give_back() noexcept {
    if (auto* const places = std::exchange(places_, nullptr)) {
        places->give_back(address_);
    }
}

place_use AddressPlace::after_use(
    std::unique_ptr<Connection>& connection, const std::string& key, Steady::time_point now
) {
    const auto& place = connection->place;
    if (place.places_ == nullptr || place.places_->waiting() == 0) {
        return place_use::keep;
    }
    auto& places = *place.places_;
    const LoopExecutor loop = connection->socket.get_executor();
    std::vector<AddressPlaces::Wake> wakes;
    {
        const std::scoped_lock lock{places.mutex_};
        auto& address = places.addresses_.find(place.address_)->second;
        if (address.ring.empty()) {
            return place_use::keep;
        }
        auto* const own = places.next_of(address, loop, key);
        const bool their_turn = own != address.ring.front().wishes.front();
        if (own == nullptr || (their_turn && now - place.since_ >= place_slice)) {
            return place_use::give_up;
        }
        places.remove(address, *own);
        own->connection_ = std::move(connection);
        own->state_ = PlaceWish::state::granted;
        wakes.push_back({own->client_.loop, own->client_.wakeup});
    }
    AddressPlaces::tell(wakes);
    return place_use::passed_on;
}

bool AddressPlace::wanted(
    const LoopExecutor& loop, std::string_view key, bool idle, Steady::time_point now
) const {
    if (places_ == nullptr || places_->waiting() == 0) {
        return false;
    }
    const std::scoped_lock lock{places_->mutex_};
    const auto& ring = places_->addresses_.find(address_)->second.ring;
    if (ring.empty()) {
        return false;
    }
    const auto& next = ring.front().wishes.front()->client_;
    const bool own = next.key == key && next.loop == loop;
    return !own && (idle || now - since_ >= place_slice);
}

PlaceWish::PlaceWish(AddressPlaces& places, const PlaceClient& client, const IpAddress& address)
    : places_{places}, client_{client}, address_{address} {
    places_.stand_in_line(*this);
}

PlaceWish::~PlaceWish() {
    places_.leave(*this);
}

bool PlaceWish::granted() const {
    const std::scoped_lock lock{places_.mutex_};
    return state_ == state::granted;
}

std::unique_ptr<Connection> PlaceWish::take_connection() {
    const std::scoped_lock lock{places_.mutex_};
    if (connection_) {
        state_ = state::taken;
    }
    return std::move(connection_);
}

AddressPlace PlaceWish::take_place() {
    const std::scoped_lock lock{places_.mutex_};
    state_ = state::taken;
    return {places_, address_, since_};
}

AddressPlaces::~AddressPlaces() = default;

void AddressPlaces::Wake::operator()() {
    boost::asio::post(loop, [wakeup = std::move(wakeup)] { wakeup->wake(); });
}

void AddressPlaces::tell(std::vector<Wake>& wakes) {
    for (auto& wake : wakes) {
        wake();
    }
}

void AddressPlaces::add_holder(LoopExecutor loop, GiveUp give_up) {
    holders_.push_back({loop, std::move(give_up)});
}

std::size_t AddressPlaces::taken(const IpAddress& address) const {
    const std::scoped_lock lock{mutex_};
    const auto found = addresses_.find(address);
    return found == addresses_.end() ? 0 : found->second.taken;
}

std::size_t AddressPlaces::waiting_at(const IpAddress& address) const {
    const std::scoped_lock lock{mutex_};
    const auto found = addresses_.find(address);
    return found == addresses_.end() ? 0 : found->second.waiting;
}

void AddressPlaces::stand_in_line(PlaceWish& wish) {
    bool first = false;
    {
        const std::scoped_lock lock{mutex_};
        auto& address = addresses_[wish.address_];
        if (address.taken < each_) {  // then nobody waits
            ++address.taken;
            wish.state_ = PlaceWish::state::granted;
            wish.since_ = Steady::now();
            return;
        }
        const auto& tenant = wish.client_.tenant;
        auto line = std::ranges::find(address.ring, tenant, &TenantLine::tenant);
        if (line == address.ring.end()) {
            line = address.ring.insert(line, TenantLine{tenant, {}});
        }
        line->wishes.push_back(&wish);
        address.keys.emplace(wish.client_.key, &wish);
        first = address.waiting++ == 0;
        ++waiting_;
    }
    if (first) {  // what becomes idle later sees that somebody waits
        ask_holders(wish.address_);
    }
}

void AddressPlaces::ask_holders(const IpAddress& address) {
    for (const auto& holder : holders_) {
        auto ask = [this, &holder, address] {
            if (const auto count = waiting_at(address); count > 0) {
                holder.give_up(address, count);
            }
        };
        boost::asio::post(holder.loop, std::move(ask));
    }
}

void AddressPlaces::leave(PlaceWish& wish) noexcept {
    std::unique_ptr<Connection> unused;  // closed without the lock, which its place takes
    std::vector<Wake> wakes;
    {
        const std::scoped_lock lock{mutex_};
        const auto entry = addresses_.find(wish.address_);
        if (wish.state_ == PlaceWish::state::waiting) {
            remove(entry->second, wish);
        } else if (wish.state_ == PlaceWish::state::granted) {
            unused = std::move(wish.connection_);
            if (!unused) {
                --entry->second.taken;
                wakes = grant(entry);
            }
        }
    }
    tell(wakes);
}

void AddressPlaces::give_back(const IpAddress& address) noexcept {
    std::vector<Wake> wakes;
    {
        const std::scoped_lock lock{mutex_};
        const auto entry = addresses_.find(address);
        --entry->second.taken;
        wakes = grant(entry);
    }
    tell(wakes);
}

/// The first of those who wait for this key on this loop and take a connection for it; null: none.
PlaceWish* AddressPlaces::next_of(Address& address, const LoopExecutor& loop, std::string_view key)
    const {
    if (key.empty()) {
        return nullptr;
    }
    const auto [first, last] = address.keys.equal_range(std::string{key});
    const auto found = std::find_if(first, last, [&loop](const auto& entry) {
        const auto& client = entry.second->client_;
        return client.takes_kept && client.loop == loop;
    });
    return found == last ? nullptr : found->second;
}

/// Takes a wish out of the line.
void AddressPlaces::remove(Address& address, PlaceWish& wish) {
    const auto line = std::ranges::find(address.ring, wish.client_.tenant, &TenantLine::tenant);
    line->wishes.erase(std::ranges::find(line->wishes, &wish));
    if (line->wishes.empty()) {
        address.ring.erase(line);
    }
    auto [one, last] = address.keys.equal_range(wish.client_.key);
    address.keys.erase(std::find_if(one, last, [&wish](const auto& entry) {
        return entry.second == &wish;
    }));
    --address.waiting;
    --waiting_;
}

/// Gives what is free to those whose turn it is.
std::vector<AddressPlaces::Wake> AddressPlaces::grant(Entry entry) {
    std::vector<Wake> wakes;
    auto& address = entry->second;
    while (address.taken < each_ && !address.ring.empty()) {
        auto& wish = *address.ring.front().wishes.front();
        // The tenant goes to the end of the ring, unless this was all it wished.
        address.ring.splice(address.ring.end(), address.ring, address.ring.begin());
        remove(address, wish);
        ++address.taken;
        wish.state_ = PlaceWish::state::granted;
        wish.since_ = Steady::now();
        wakes.push_back({wish.client_.loop, wish.client_.wakeup});
    }
    if (address.taken == 0) {  // then nobody waits
        addresses_.erase(entry);
    }
    return wakes;
}

}  // namespace fanfetch
