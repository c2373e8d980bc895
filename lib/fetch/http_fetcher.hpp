#pragma once

#include "base/time.hpp"
#include "coro/deadline_wheel.hpp"
#include "executor/executor.hpp"
#include "fetch/connection_pool.hpp"
#include "fetch/exchange.hpp"
#include "fetch/fetcher.hpp"
#include "fetch/http2_pool.hpp"
#include "net/gate.hpp"

#include <memory>
#include <string>
#include <vector>

namespace fanfetch {

[[nodiscard]] TlsVerdict tls_verdict_of(const DialReport& report);

/// Fetches over HTTP/1.1 and HTTP/2: a kept connection or the gate, the exchange, redirects.
///
/// A request on a kept connection that dies before a byte of the answer came is sent once more on
/// a new one, if its method is a safe one: the server closed just when we wrote, which is
/// nobody's failure. One that an HTTP/2 origin says it has not looked at is sent again whatever
/// its method. Everything else is one attempt.
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
        AddressPlaces* places = nullptr;  ///< those of the gate; none: there is no bound
    };

    explicit HttpFetcher(Parts parts);
    ~HttpFetcher() override;

    awaitable<void> fetch(FetchOrder order, FetchOutcome& outcome) override;

    /// Closes every idle connection, also those that become idle; part of shutting down.
    void close_idle() {
        pool_.clear();
        shared_.clear();
    }
    /// Closes every idle connection: the rules they were made by have changed.
    void renew_connections() {
        pool_.clear();
        shared_.renew();
    }
    [[nodiscard]] std::size_t idle_connections() const noexcept { return pool_.size(); }
    /// Those that speak HTTP/2, idle or not.
    [[nodiscard]] std::size_t shared_connections() const noexcept { return shared_.connections(); }

private:
    /// The attempt as it goes along: where it is, and by when it must end.
    struct Course {
        HopRequest request;
        const FetchOrder& order;
        Steady::time_point deadline;
        FetchOutcome& outcome;
    };
    /// What an exchange goes over: a connection of its own, or a stream of a shared one.
    struct Line {
        std::unique_ptr<Connection> own;
        std::shared_ptr<Http2Connection> shared;
        bool reused = false;

        [[nodiscard]] bool there() const noexcept { return own || shared; }
        [[nodiscard]] const DialReport& report() const noexcept {
            return shared ? shared->report() : own->report;
        }
    };
    /// How often the request of a hop has been sent again within the attempt.
    struct Repeats {
        bool after_close = false;
        int unprocessed = 0;
    };
    class SweepTimer;

    awaitable<void> one_hop(Course& course, ExchangeScratch& scratch, ExchangeEnd& end);
    [[nodiscard]] bool follow(Course& course, const ResponseHead& head);
    awaitable<bool> go_there(Course& course, const ExchangeEnd& end);
    awaitable<bool> robots_allow(Course& course);
    void sweep_later();
    [[nodiscard]] Line take_kept(const Course& course, const std::string& key);
    awaitable<Expected<void>> connect(Course& course, const std::string& key, Line& line);
    [[nodiscard]] Steady::time_point connect_deadline(const Course& course) const;
    [[nodiscard]] static bool send_again(
        const Course& course, const Line& line, const ExchangeEnd& end, Repeats& repeats
    );
    awaitable<Expected<void>> dial(
        Course& course, const std::string& key, bool offer_http2, Line& line
    );
    void no_place(Course& course);
    void keep(
        const std::string& key, std::unique_ptr<Connection> connection, const ExchangeEnd& end
    );
    awaitable<void> keep_partial(Course& course, ExchangeScratch& scratch, const ExchangeEnd& end);
    void conclude(Course& course, ExchangeScratch& scratch, const ExchangeEnd& end);

    [[nodiscard]] std::unique_ptr<ExchangeScratch> lease_scratch();
    void return_scratch(std::unique_ptr<ExchangeScratch> scratch);

    Parts parts_;
    DeadlineWheel& wheel_;
    ConnectionPool pool_;
    Http2Pool shared_;
    std::vector<std::unique_ptr<ExchangeScratch>> scratches_;
    std::unique_ptr<SweepTimer> sweep_;
    std::shared_ptr<HttpFetcher*>
        alive_;  // who asks for idle connections may come when we are gone
};

}  // namespace fanfetch
