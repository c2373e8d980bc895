#pragma once

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/random.hpp"
#include "coro/event_loop.hpp"
#include "executor/thread_pool_executor.hpp"
#include "extract/extractor.hpp"
#include "fetch/http_fetcher.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "job/connection_budget.hpp"
#include "job/dispatcher.hpp"
#include "job/job_service.hpp"
#include "job/spill.hpp"
#include "net/egress_book.hpp"
#include "net/gate.hpp"
#include "net/resolver.hpp"
#include "net/tls_policy.hpp"
#include "periodic.hpp"
#include "settings.hpp"
#include "store/job_store.hpp"
#include "store/sqlite/open.hpp"
#include "webhook/sender.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {

class Api;
class LiveKeys;
class TlsIdentity;
class TlsWatch;
class WebhookRun;

/// The composition root of `fanfetch serve`: the only place that names concrete types.
///
/// Owns everything that lives as long as the service, in the order of dependency. `start` brings
/// it up, `stop` brings it down in three steps: refuse new work, let running work end within the
/// grace period, cancel the rest and await it.
///
/// Threads  one thread starts and stops it
class App {
public:
    App(const Settings& settings, Logger& log);
    ~App();
    App(const App&) = delete;

    /// Opens the store and the keys, binds, takes up unfinished jobs, and begins to serve.
    ///
    /// Errors   what kept it from starting, in one line
    Expected<boost::asio::ip::tcp::endpoint> start();

    void stop();

private:
    /// What one shard owns. The loop comes first: everything else lives on it.
    struct Shard {
        explicit Shard(std::string name) : loop{std::move(name)} {}

        EventLoop loop;
        FastRandom random;
        std::unique_ptr<Resolver> resolver;
        std::unique_ptr<Gate> gate;
        std::unique_ptr<HttpFetcher> fetcher;
        std::unique_ptr<Dispatcher> dispatcher;
    };

    Expected<void> open_store();
    Expected<boost::asio::ip::tcp::endpoint> listen();
    Expected<void> make_shards(const boost::asio::ip::tcp::endpoint& listening);
    [[nodiscard]] AddressPlaces* gate_places() noexcept { return places_ ? &*places_ : nullptr; }
    void make_service();
    void make_webhooks();
    void follow_terms();
    void watch_retention();
    void add_gauges();
    void stop_dispatchers();
    void settle_jobs();

    const Settings& settings_;
    Logger& log_;
    MetricRegistry metrics_;
    const StoreMetrics store_metrics_{StoreMetrics::make(metrics_)};
    const ServerMetrics server_metrics_{ServerMetrics::make(metrics_)};
    MemoryBudget memory_;
    Bandwidth bandwidth_;
    PendingBytes pending_;
    std::optional<AddressPlaces> places_;  ///< none: there is no bound
    std::optional<ConnectionBudget> connections_;
    std::optional<TlsPolicy> tls_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::unique_ptr<JobStore> store_;
    std::unique_ptr<LiveKeys> keys_;
    EgressBook egress_;
    std::unique_ptr<ThreadPoolExecutor> blocking_;
    std::unique_ptr<Extractor> extractor_;
    std::optional<StoreSpill> spill_;
    std::optional<DispatchMetrics> dispatch_metrics_;
    std::optional<JobService> jobs_;
    std::optional<WebhookMetrics> webhook_metrics_;
    std::unique_ptr<WebhookRun> webhooks_;
    std::unique_ptr<Api> api_;
    std::shared_ptr<TlsIdentity> identity_;  // shared with a look at its files that is under way
    std::unique_ptr<HttpServer> server_;
    std::unique_ptr<TlsWatch> identity_watch_;
    std::unique_ptr<Periodic> retention_;  ///< looks for jobs whose time to live has passed
    bool started_ = false;
};

}  // namespace fanfetch
