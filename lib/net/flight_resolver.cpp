#include "net/flight_resolver.hpp"

#include "net/dns_cache.hpp"
#include "net/tenant_slots.hpp"
#include "net/wakeup.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

/// A question is settled a little before those who asked it give up, so that they get what there
/// is: addresses of one kind, perhaps.
constexpr std::chrono::milliseconds settling_time(std::chrono::milliseconds timeout) {
    return timeout - timeout / 20;
}

/// A name that is being asked about, and who waits for it. Shared by the resolver, until it is
/// settled, and by those who wait, who read the outcome from it.
struct Flight {
    explicit Flight(std::string whose) : tenant{std::move(whose)} {}

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

class FlightResolver final : public Resolver {
public:
    FlightResolver(
        LoopExecutor loop, std::unique_ptr<NameSource> source, const FlightOptions& options
    )
        : loop_{loop},
          timeout_{options.timeout},
          cache_{options.cached_names},
          slots_{loop, options.tenant_slots},
          source_{std::move(source)} {}
    FlightResolver(const FlightResolver&) = delete;
    FlightResolver& operator=(const FlightResolver&) = delete;
    ~FlightResolver() override {
        flights_.clear();  // before the source reports what it gives up
    }

    awaitable<Expected<Answer>> resolve(
        std::string host, Steady::time_point deadline, std::string tenant
    ) override;

private:
    using Flights = std::unordered_map<std::string, std::shared_ptr<Flight>>;

    std::shared_ptr<Flight> depart(const std::string& host, std::string tenant);
    void settle(const std::string& host, Expected<Answer> outcome, std::chrono::seconds ttl);

    LoopExecutor loop_;
    std::chrono::milliseconds timeout_;
    DnsCache cache_;
    TenantSlots slots_;
    Flights flights_;
    std::unique_ptr<NameSource> source_;
};

awaitable<Expected<Answer>> FlightResolver::resolve(
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

std::shared_ptr<Flight> FlightResolver::depart(const std::string& host, std::string tenant) {
    auto flight = std::make_shared<Flight>(std::move(tenant));
    flights_.emplace(host, flight);
    auto on_answer = [this, host, weak = std::weak_ptr{flight}](
                         Expected<Answer> answer, std::chrono::seconds ttl
                     ) {
        if (const auto asked = weak.lock(); asked && !asked->outcome) {
            settle(host, std::move(answer), ttl);
        }
    };
    source_->ask(
        host, saturating_add(Steady::now(), settling_time(timeout_)), std::move(on_answer)
    );
    return flight;
}

void FlightResolver::settle(
    const std::string& host, Expected<Answer> outcome, std::chrono::seconds ttl
) {
    const auto position = flights_.find(host);
    if (position == flights_.end()) {
        return;
    }
    const auto flight = position->second;
    cache_.store(host, outcome, ttl, Steady::now());
    flights_.erase(position);
    slots_.give_back(flight->tenant);
    flight->outcome = std::move(outcome);
    for (Wakeup* waiter : flight->waiting) {
        waiter->wake();
    }
}

}  // namespace

std::unique_ptr<Resolver> make_flight_resolver(
    LoopExecutor loop, std::unique_ptr<NameSource> source, const FlightOptions& options
) {
    return std::make_unique<FlightResolver>(loop, std::move(source), options);
}

}  // namespace fanfetch
