#pragma once

#include "base/time.hpp"
#include "coro/deadline_wheel.hpp"
#include "executor/executor.hpp"
#include "fetch/connection_pool.hpp"
#include "fetch/exchange.hpp"
#include "fetch/fetcher.hpp"
#include "net/gate.hpp"

#include <memory>
#include <string>
#include <vector>

namespace fanfetch {

/// Fetches over HTTP/1.1: a kept connection or the gate, the exchange, redirects.
///
/// A request on a kept connection that dies before a byte of the answer came is sent once more on
/// a new one, if its method is a safe one: the server closed just when we wrote, which is
/// nobody's failure. Everything else is one attempt.
///
/// Threads  the shard it was made for
class HttpFetcher final : public Fetcher {
public:
    struct Parts {
        explicit Parts(LoopExecutor executor) : loop{executor} {}

        LoopExecutor loop;
        Gate* gate = nullptr;
        const Clock* clock = nullptr;
        BodyCollector::Parts body;
        ConnectionPool::Limits pool;
        std::string user_agent;
        std::uint64_t max_header_bytes = 64U << 10U;
    };

    explicit HttpFetcher(Parts parts);
    ~HttpFetcher() override;

    awaitable<void> fetch(FetchOrder order, FetchOutcome& outcome) override;

    /// Closes every idle connection; part of shutting down.
    void close_idle() { pool_.clear(); }
    [[nodiscard]] std::size_t idle_connections() const noexcept { return pool_.size(); }

private:
    /// The attempt as it goes along: where it is, and by when it must end.
    struct Course {
        HopRequest request;
        const FetchOrder& order;
        Steady::time_point deadline;
        FetchOutcome& outcome;
    };
    class SweepTimer;

    awaitable<void> one_hop(Course& course, ExchangeScratch& scratch, ExchangeEnd& end);
    [[nodiscard]] bool follow(Course& course, const ResponseHead& head);
    awaitable<Expected<std::unique_ptr<Connection>>> dial(Course& course, const std::string& key);
    void conclude(Course& course, ExchangeScratch& scratch, const ExchangeEnd& end);

    [[nodiscard]] std::unique_ptr<ExchangeScratch> lease_scratch();
    void return_scratch(std::unique_ptr<ExchangeScratch> scratch);

    Parts parts_;
    DeadlineWheel& wheel_;
    ConnectionPool pool_;
    std::vector<std::unique_ptr<ExchangeScratch>> scratches_;
    std::unique_ptr<SweepTimer> sweep_;
};

}  // namespace fanfetch
