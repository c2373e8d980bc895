#pragma once

#include "base/time.hpp"
#include "coro/loop.hpp"
#include "net/ip_address.hpp"
#include "net/wakeup.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

class AddressPlaces;
struct Connection;

/// For how long a connection may go on serving its own while others wait for its place. Changing
/// hands with every request would cost a handshake each.
inline constexpr std::chrono::seconds place_slice{1};

/// What becomes of a connection that is not in use any more.
enum class place_use : std::uint8_t {
    keep,       ///< nobody waits for its place
    passed_on,  ///< somebody who waited has it: it is gone
    give_up,    ///< close it, for somebody else
};

/// The right to one connection to an address; given back when it goes. Empty: there is no bound.
class AddressPlace {
public:
    AddressPlace() = default;
    AddressPlace(AddressPlace&& other) noexcept;
    AddressPlace& operator=(AddressPlace&& other) noexcept;
    ~AddressPlace() { give_back(); }

    /// Whether it is one at this address.
    [[nodiscard]] bool at(const IpAddress& address) const noexcept {
        return places_ != nullptr && address_ == address;
    }

    /// What to do with an idle connection of its own that serves `key`. On its loop only.
    static place_use after_use(
        std::unique_ptr<Connection>& connection, const std::string& key, Steady::time_point now
    );
    /// Whether a connection that several share should take no more: somebody of another key is
    /// next.
    [[nodiscard]] bool wanted(
        const LoopExecutor& loop, std::string_view key, bool idle, Steady::time_point now
    ) const;

private:
    friend class PlaceWish;
    AddressPlace(AddressPlaces& places, const IpAddress& address, Steady::time_point since) noexcept
        : places_{&places}, address_{address}, since_{since} {}
    void give_back() noexcept;

    AddressPlaces* places_ = nullptr;
    IpAddress address_;
    Steady::time_point since_{};
};

/// Who wants a place. Does not change while he stands in line: others look at it.
struct PlaceClient {
    LoopExecutor loop;
    std::shared_ptr<Wakeup> wakeup;  ///< woken when a wish has come true
    std::string key;                 ///< whose connections he may take over; empty: nobody's
    std::string tenant;
    bool takes_kept = false;  ///< a connection that has served is as good as a place
};

/// A place in line at one address, until it is destroyed.
class PlaceWish {
public:
    PlaceWish(AddressPlaces& places, const PlaceClient& client, const IpAddress& address);
    PlaceWish(const PlaceWish&) = delete;
    PlaceWish& operator=(const PlaceWish&) = delete;
    ~PlaceWish();

    /// Whether there is a place, or a connection.
    [[nodiscard]] bool granted() const;
    /// What was granted; null when it is a place.
    [[nodiscard]] std::unique_ptr<Connection> take_connection();
    [[nodiscard]] AddressPlace take_place();

private:
    friend class AddressPlace;
    friend class AddressPlaces;
    enum class state : std::uint8_t { waiting, granted, taken };

    AddressPlaces& places_;
    const PlaceClient& client_;
    IpAddress address_;
    // Guarded by the mutex of places_.
    state state_ = state::waiting;
    Steady::time_point since_{};
    std::unique_ptr<Connection> connection_;
};

/// How many connections there may be to any one address, over all shards, hosts and tenants.
///
/// Who finds no place stands in line. Tenants take turns; a tenant's wishes come true in their
/// order. Idle connections give way at once, those in use when their exchange is over and they
/// have had theirs for `place_slice`; until then they pass to whoever waits for the same key on
/// their loop. A place that is given back belongs to the next in line from that moment, so that no
/// wake-up is lost and nobody overtakes.
///
/// Threads  any thread; a wish and its connection belong to their loop. Outlives all of them
class AddressPlaces {
public:
    /// Closes up to so many idle connections to an address.
    using GiveUp = std::function<void(const IpAddress&, std::size_t)>;

    explicit AddressPlaces(std::size_t each) noexcept : each_{each} {}
    AddressPlaces(const AddressPlaces&) = delete;
    AddressPlaces& operator=(const AddressPlaces&) = delete;
    ~AddressPlaces();

    /// Somebody who keeps idle connections; asked on his loop. Before the first wish.
    void add_holder(LoopExecutor loop, GiveUp give_up);

    [[nodiscard]] std::size_t taken(const IpAddress& address) const;
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.load(); }

private:
    friend class AddressPlace;
    friend class PlaceWish;
    struct TenantLine {
        std::string tenant;
        std::list<PlaceWish*> wishes;  // never empty
    };
    struct Address {
        std::size_t taken = 0;
        std::size_t waiting = 0;
        std::list<TenantLine> ring;                   // whose turn it is comes first
        std::multimap<std::string, PlaceWish*> keys;  // the same wishes
    };
    using Entry = std::map<IpAddress, Address>::iterator;
    struct Holder {
        LoopExecutor loop;
        GiveUp give_up;
    };
    struct Wake {
        LoopExecutor loop;
        std::shared_ptr<Wakeup> wakeup;
        void operator()();
    };

    void stand_in_line(PlaceWish& wish);
    void leave(PlaceWish& wish) noexcept;
    void give_back(const IpAddress& address) noexcept;
    void ask_holders(const IpAddress& address);
    [[nodiscard]] std::size_t waiting_at(const IpAddress& address) const;
    [[nodiscard]] PlaceWish* next_of(
        Address& address, const LoopExecutor& loop, std::string_view key
    ) const;
    void remove(Address& address, PlaceWish& wish);
    [[nodiscard]] std::vector<Wake> grant(Entry entry);
    static void tell(std::vector<Wake>& wakes);

    const std::size_t each_;
    std::vector<Holder> holders_;
    std::atomic<std::size_t> waiting_{0};  // so that nobody takes the lock when nobody waits
    mutable std::mutex mutex_;             // guards what follows, and the wishes
    std::map<IpAddress, Address> addresses_;
};

}  // namespace fanfetch
