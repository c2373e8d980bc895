#include "net/cares_resolver.hpp"

#include "net/cares_channel.hpp"
#include "net/lookup.hpp"
#include "net/tenant_slots.hpp"
#include "net/wakeup.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace fanfetch {
namespace {

/// How often open questions are looked at: repeats, deadlines, the resolution delay.
constexpr std::chrono::milliseconds tick_length{25};
constexpr std::uint16_t dns_port = 53;

/// A question is settled a little before those who asked it give up, so that they get what there
/// is: addresses of one kind, perhaps.
constexpr std::chrono::milliseconds settling_time(std::chrono::milliseconds timeout) {
    return timeout - timeout / 20;
}

using Timer =
    boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>;

/// A name that is being asked about, and who waits for it. Shared by the resolver, until it is
/// settled, and by those who wait, who read the outcome from it.
struct Flight {
    Flight(Steady::time_point deadline, std::string whose)
        : lookup{deadline}, tenant{std::move(whose)} {}

    Lookup lookup;
    std::string tenant;  // whose slot it takes
    std::vector<Wakeup*> waiting;
    std::optional<Expected<Answer>> outcome;
};

/// Among those who wait for a flight, as long as the coroutine does.
class Aboard {
public:
    Aboard(Flight& flight, Wakeup& wakeup) : flight_{flight}, wakeup_{wakeup} {
        flight_.waiting.push_back(&wakeup_);
    }
    Aboard(const Aboard&) = delete;
    Aboard& operator=(const Aboard&) = delete;
    ~Aboard() { std::erase(flight_.waiting, &wakeup_); }

private:
    Flight& flight_;
    Wakeup& wakeup_;
};

class CaresResolver final : public Resolver {
public:
    CaresResolver(
        LoopExecutor loop, std::unique_ptr<CaresChannel> channel, const CaresOptions& options
    )
        : loop_{loop},
          timeout_{options.timeout},
          cache_{options.cached_names},
          slots_{loop, options.tenant_slots},
          ticker_{std::make_shared<Ticker>(*this)},
          channel_{std::move(channel)} {}
    CaresResolver(const CaresResolver&) = delete;
    CaresResolver& operator=(const CaresResolver&) = delete;
    ~CaresResolver() override {
        ticker_->resolver = nullptr;
        ticker_->timer.cancel();
        flights_.clear();  // before the channel reports what it gives up
    }

    awaitable<Expected<Answer>> resolve(
        std::string host, Steady::time_point deadline, std::string tenant
    ) override;

private:
    using Flights = std::unordered_map<std::string, std::shared_ptr<Flight>>;

    /// What the loop's queue may hold of us.
    struct Ticker {
        explicit Ticker(CaresResolver& of) : resolver{&of}, timer{of.loop_} {}
        CaresResolver* resolver;
        Timer timer;
        bool set = false;
    };

    std::shared_ptr<Flight> depart(const std::string& host, std::string tenant);
    void ask(const std::string& host, record_type type, const std::shared_ptr<Flight>& flight);
    void settle(Flights::iterator position, Expected<Answer> outcome);
    void settle_if_done(const std::string& host);
    void set_ticker();
    void tick();

    LoopExecutor loop_;
    std::chrono::milliseconds timeout_;
    DnsCache cache_;
    TenantSlots slots_;
    Flights flights_;
    std::shared_ptr<Ticker> ticker_;
    std::unique_ptr<CaresChannel> channel_;
};

awaitable<Expected<Answer>> CaresResolver::resolve(
    std::string host, Steady::time_point deadline, std::string tenant
) {
    deadline = std::min(deadline, saturating_add(Steady::now(), timeout_));
    if (host.ends_with('.')) {
        host.pop_back();  // every name is absolute here
    }
    if (auto known = cache_.find(host, Steady::now())) {
        co_return std::move(*known);
    }
    auto found = flights_.find(host);
    if (found == flights_.end()) {
        const bool taken = co_await slots_.take(tenant, deadline);
        if (!taken) {
            co_return failed(failure_code::dns_timeout, "resolving the name: too many at once");
        }
        // Somebody may have asked, or even got the answer, while we waited.
        auto known = cache_.find(host, Steady::now());
        found = flights_.find(host);
        if (known || found != flights_.end()) {
            slots_.give_back(tenant);
        }
        if (known) {
            co_return std::move(*known);
        }
    }
    const auto flight = found != flights_.end() ? found->second : depart(host, std::move(tenant));

    Wakeup arrival{loop_};
    const Aboard aboard{*flight, arrival};
    while (!flight->outcome) {
        if (Steady::now() >= deadline) {
            co_return failed(failure_code::dns_timeout, "resolving the name: no answer in time");
        }
        co_await arrival.wait_until(deadline);
    }
    co_return *flight->outcome;
}

std::shared_ptr<Flight> CaresResolver::depart(const std::string& host, std::string tenant) {
    auto flight = std::make_shared<Flight>(
        saturating_add(Steady::now(), settling_time(timeout_)), std::move(tenant)
    );
    flights_.emplace(host, flight);
    set_ticker();
    ask(host, record_type::aaaa, flight);
    ask(host, record_type::a, flight);
    return flight;
}

void CaresResolver::ask(
    const std::string& host, record_type type, const std::shared_ptr<Flight>& flight
) {
    auto on_reply = [this, host, type, weak = std::weak_ptr{flight}](DnsReply reply) {
        if (const auto asked = weak.lock(); asked && !asked->outcome) {
            asked->lookup.add(type, std::move(reply), Steady::now());
            settle_if_done(host);
        }
    };
    channel_->ask(host, type, std::move(on_reply));
}

void CaresResolver::settle_if_done(const std::string& host) {
    const auto position = flights_.find(host);
    if (position == flights_.end()) {
        return;
    }
    if (auto outcome = position->second->lookup.outcome(Steady::now())) {
        settle(position, std::move(*outcome));
    }
}

void CaresResolver::settle(Flights::iterator position, Expected<Answer> outcome) {
    const auto flight = position->second;
    cache_.store(position->first, outcome, flight->lookup.ttl(), Steady::now());
    flights_.erase(position);
    slots_.give_back(flight->tenant);
    flight->outcome = std::move(outcome);
    for (Wakeup* waiter : flight->waiting) {
        waiter->wake();
    }
}

void CaresResolver::set_ticker() {
    if (ticker_->set) {
        return;
    }
    ticker_->set = true;
    ticker_->timer.expires_after(tick_length);
    ticker_->timer.async_wait([ticker = ticker_](const boost::system::error_code& error) {
        ticker->set = false;
        if (!error && ticker->resolver != nullptr) {
            ticker->resolver->tick();
        }
    });
}

void CaresResolver::tick() {
    channel_->tick();
    const auto now = Steady::now();
    for (auto next = flights_.begin(); next != flights_.end();) {
        const auto position = next++;
        if (auto outcome = position->second->lookup.outcome(now)) {
            settle(position, std::move(*outcome));
        }
    }
    if (!flights_.empty() || channel_->busy()) {
        set_ticker();
    }
}

}  // namespace

Expected<std::unique_ptr<Resolver>> make_cares_resolver(
    LoopExecutor loop, const CaresOptions& options
) {
    ChannelOptions channel_options{.servers = {}, .patience = options.timeout};
    for (const std::string& server : options.servers) {
        const auto endpoint = parse_endpoint(server, dns_port);
        if (!endpoint) {
            return failed(
                failure_code::request_invalid,
                "reading the name server \"" + server + "\": not an address with or without a port"
            );
        }
        channel_options.servers.push_back(*endpoint);
    }
    auto channel = CaresChannel::make(loop, channel_options);
    if (!channel) {
        return channel.error();
    }
    return std::unique_ptr<Resolver>{
        std::make_unique<CaresResolver>(loop, std::move(*channel), options)};
}

}  // namespace fanfetch
