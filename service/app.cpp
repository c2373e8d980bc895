#include "app.hpp"

#include "api/api.hpp"
#include "auth/live_keys.hpp"
#include "keys_setup.hpp"
#include "net/cares_resolver.hpp"
#include "net/default_gate.hpp"
#include "net/system_resolver.hpp"
#include "resolver_threads.hpp"
#include "store/sqlite/open.hpp"
#include "tls_setup.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace fanfetch {

namespace asio = boost::asio;
using asio::ip::tcp;

/// The sender of webhooks on the first shard, with connections of its own through the gate there.
class App::Webhooks {
public:
    Webhooks(HttpFetcher::Parts fetch, WebhookSender::Parts parts)
        : loop_{parts.loop}, fetcher_{std::move(fetch)}, sender_{with(std::move(parts))} {}

    [[nodiscard]] WebhookSender& sender() noexcept { return sender_; }

    void start() {
        auto ended = [over = over_](const std::exception_ptr&) { over->set_result(); };
        asio::co_spawn(
            loop_, sender_.run(), asio::bind_cancellation_slot(stop_.slot(), std::move(ended))
        );
    }

    /// Begins nothing more; what is under way may end until `stop`.
    void stop_soon() {
        asio::post(loop_, [this] { sender_.stop(); });
    }

    /// Cuts off what has not ended by now: it is in the outbox still. Blocks; not on a loop's
    /// thread.
    void stop() {
        auto over = over_->get_future();
        asio::post(loop_, [this, over] {
            if (!over.done()) {
                stop_.emit(asio::cancellation_type::terminal);
            }
        });
        over.result();
        asio::post(loop_, [this] { fetcher_.close_idle(); });
    }

private:
    WebhookSender::Parts with(WebhookSender::Parts parts) {
        parts.fetcher = &fetcher_;
        return parts;
    }

    LoopExecutor loop_;
    HttpFetcher fetcher_;
    WebhookSender sender_;
    asio::cancellation_signal stop_;
    std::shared_ptr<Promise<void>> over_ = std::make_shared<Promise<void>>();
};

namespace {

IpEndpoint own_endpoint(const tcp::endpoint& listening) {
    const auto address = listening.address();
    return {
        address.is_v4() ? IpAddress{address.to_v4().to_bytes()}
                        : IpAddress{address.to_v6().to_bytes()},
        listening.port()};
}

HostPolicy host_policy(const Settings& settings) {
    HostPolicy policy;
    policy.max_concurrency = settings.host.max_concurrency;
    policy.max_rate = settings.host.max_rate;
    policy.max_retry_after = settings.host.max_retry_after;
    policy.breaker = {settings.host.breaker_failures, settings.host.breaker_cooldown};
    return policy;
}

/// The settings have been checked, so it can be read.
std::optional<EgressProxy> egress_proxy(const Settings& settings) {
    if (settings.egress.proxy.empty()) {
        return std::nullopt;
    }
    auto proxy = EgressProxy::parse(settings.egress.proxy).value();
    proxy.resolve = settings.egress.proxy_resolve;
    return proxy;
}

/// Half of the threads for any one tenant, whichever shards its names are on.
FlightOptions system_resolver_options(const Settings& settings) {
    constexpr std::uint64_t half = resolver_thread_count / 2;
    FlightOptions options;
    options.timeout = settings.dns.timeout;
    options.tenant_slots = std::max<std::uint64_t>(1, half / settings.shards);
    return options;
}

Expected<std::unique_ptr<Resolver>> make_resolver(LoopExecutor loop, const Settings& settings) {
    if (settings.dns.resolver == dns_resolver::system) {
        return make_system_resolver(loop, resolver_threads(), system_resolver_options(settings));
    }
    CaresOptions options;
    options.servers = settings.dns.servers;
    options.timeout = settings.dns.timeout;
    return make_cares_resolver(loop, options);
}

/// Runs something on a loop, after what is queued there, and waits until it is done.
template <class Work>
void run_there(EventLoop& loop, Work work) {
    auto promise = std::make_shared<Promise<void>>();
    auto done = promise->get_future();
    loop.post([promise, work = std::move(work)]() mutable {
        work();
        promise->set_result();
    });
    done.result();
}

}  // namespace

App::App(const Settings& settings, Logger& log)
    : settings_{settings},
      log_{log},
      metrics_{settings.shards},
      memory_{settings.limits.memory.bytes},
      bandwidth_{settings.egress.bandwidth} {}

App::~App() {
    stop();
}

Expected<tcp::endpoint> App::start() {
    if (auto opened = open_store(); !opened) {
        return opened.error();
    }
    // After the store, whose lock keeps a second process from making a first key, too.
    auto keys = open_keys(settings_, log_);
    if (!keys) {
        return keys.error();
    }
    keys_ = std::move(*keys);
    for (std::uint64_t number = 0; number < settings_.shards; ++number) {
        shards_.push_back(std::make_unique<Shard>("shard_" + std::to_string(number)));
    }
    make_service();
    auto listening = listen();
    if (!listening) {
        return listening.error();
    }
    if (auto made = make_shards(*listening); !made) {
        return made.error();
    }
    jobs_->restore_hosts();
    if (const auto jobs = jobs_->recover(); jobs > 0) {
        log_.info("jobs_taken_up", {{"jobs", jobs}});
    }
    make_webhooks();
    follow_terms();
    add_gauges();
    watch_retention();
    started_ = true;
    for (auto& shard : shards_) {
        shard->loop.start();
    }
    return listening;
}

Expected<void> App::open_store() {
    StoreOptions options;
    options.data_dir = settings_.data.dir;
    options.durability = settings_.data.durability;
    options.min_free = settings_.data.min_free;
    options.longest_head = settings_.fetch.max_header_bytes;
    auto store = open_sqlite_store(std::move(options));
    if (!store) {
        return store.error();
    }
    store_ = std::move(*store);
    ThreadPoolOptions pool;
    pool.name_prefix = "blocking";
    blocking_ = std::make_unique<ThreadPoolExecutor>(std::move(pool));
    spill_.emplace(*store_);
    ExtractorOptions extract;
    extract.workers = static_cast<int>(settings_.extract.workers);
    extract.time_limit = settings_.extract.time_limit;
    extract.memory = settings_.extract.memory;
    extractor_ = make_process_extractor(extract);
    return {};
}

/// The parts that do not depend on where we listen; the dispatchers come with the shards.
void App::make_service() {
    JobService::Parts parts;
    for (auto& shard : shards_) {
        parts.shards.push_back({shard->loop.executor(), nullptr});
    }
    parts.store = store_.get();
    parts.blocking = blocking_.get();
    parts.clock = &system_clock();
    parts.log = &log_;
    parts.limits.max_items_per_job = settings_.limits.max_items_per_job;
    parts.limits.max_queued_items = settings_.limits.max_queued_items;
    parts.limits_of = [this](const std::string& tenant) {
        const auto quotas = keys_->quotas(tenant);
        return TenantLimits{quotas.max_jobs, quotas.max_queued_items, quotas.max_stored_bytes};
    };
    parts.pending = &pending_;
    jobs_.emplace(std::move(parts));

    ApiContext context;
    context.jobs = &*jobs_;
    context.settings = &settings_;
    context.metrics = &metrics_;
    context.keys = keys_.get();
    context.extractor = extractor_.get();
    context.clock = &system_clock();
    context.log = &log_;
    context.egress = &egress_;
    api_ = std::make_unique<Api>(context);
}

Expected<tcp::endpoint> App::listen() {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(settings_.listen.address, error);
    if (error) {
        return failed(
            failure_code::internal,
            "reading listen.address: " + settings_.listen.address + " is not an address"
        );
    }
    auto identity = open_tls(settings_);
    if (!identity) {
        return identity.error();
    }
    identity_ = std::move(*identity);
    ServerOptions options;
    options.tls = identity_.get();
    options.limits.max_connections = settings_.limits.max_connections;
    options.limits.header_timeout = settings_.limits.header_timeout;
    options.limits.min_upload_rate = settings_.limits.min_upload_rate;
    options.essential = is_essential;
    options.log = &log_;
    std::vector<LoopExecutor> loops;
    for (auto& shard : shards_) {
        loops.push_back(shard->loop.executor());
    }
    server_ = std::make_unique<HttpServer>(std::move(loops), api_->handler(), options);
    return server_->listen({address, settings_.listen.port});
}

Expected<void> App::make_shards(const tcp::endpoint& listening) {
    EgressSettings egress;
    egress.allow = settings_.egress.allow;
    egress.deny = settings_.egress.deny;
    egress.ports = settings_.egress.ports;
    egress.own_listeners = {own_endpoint(listening)};
    egress.machine_addresses = machine_addresses;
    if (auto set = egress_.set_operator(std::move(egress)); !set) {
        return set.error();
    }
    auto tls = TlsPolicy::make({settings_.fetch.ca_file, settings_.fetch.crl_file});
    if (!tls) {
        return tls.error();
    }
    tls_.emplace(std::move(*tls));
    if (const auto each = settings_.egress.max_connections_per_address; each > 0) {
        places_.emplace(each);
    }
    dispatch_metrics_ = DispatchMetrics::make(metrics_);
    for (std::size_t number = 0; number < shards_.size(); ++number) {
        auto& shard = *shards_[number];
        auto resolver = make_resolver(shard.loop.executor(), settings_);
        if (!resolver) {
            return resolver.error();
        }
        shard.resolver = std::move(*resolver);
        GateOptions gate;
        gate.rules_of = [this](const std::string& tenant) { return egress_.rules_of(tenant); };
        gate.dns_timeout = settings_.dns.timeout;
        gate.proxy = egress_proxy(settings_);
        gate.places = gate_places();
        shard.gate = make_gate(std::move(gate), *shard.resolver, *tls_);

        HttpFetcher::Parts fetch{shard.loop.executor()};
        fetch.gate = shard.gate.get();
        fetch.clock = &system_clock();
        fetch.body = {&memory_, &*spill_, blocking_.get(), &bandwidth_};
        fetch.user_agent = settings_.fetch.user_agent;
        fetch.max_header_bytes = settings_.fetch.max_header_bytes.bytes;
        fetch.places = gate_places();
        shard.fetcher = std::make_unique<HttpFetcher>(std::move(fetch));

        Dispatcher::Parts parts{shard.loop.executor()};
        parts.shard = number;
        parts.shards = shards_.size();
        parts.reach = [this](std::size_t there, std::function<void(Dispatcher&)> act) {
            auto& target = *shards_[there];
            auto work = [dispatcher = target.dispatcher.get(), act = std::move(act)] {
                act(*dispatcher);
            };
            asio::post(target.loop.executor(), std::move(work));
        };
        parts.fetcher = shard.fetcher.get();
        parts.store = store_.get();
        parts.blocking = blocking_.get();
        parts.extractor = extractor_.get();
        parts.random = &shard.random;
        parts.clock = &system_clock();
        parts.metrics = &*dispatch_metrics_;
        parts.user_agent = settings_.fetch.user_agent;
        parts.weight_of = [this](const std::string& tenant) {
            return keys_->quotas(tenant).weight.value_or(1);
        };
        parts.over_quota = [this](const std::string& tenant) {
            const auto most = keys_->quotas(tenant).max_stored_bytes;
            return most && jobs_->stored_by(tenant) >= *most;
        };
        parts.may_fetch = [this](const std::string& tenant, const Url& url) {
            return judge_unresolved(*egress_.rules_of(tenant), url).has_value();
        };
        parts.memory = &memory_;
        parts.pending = &pending_;
        parts.limits.host = host_policy(settings_);
        parts.limits.most_in_flight =
            std::max<std::uint64_t>(1, settings_.egress.max_connections / shards_.size());
        shard.dispatcher = std::make_unique<Dispatcher>(std::move(parts));
        jobs_->set_dispatcher(number, *shard.dispatcher);
    }
    return {};
}

/// What tenants weigh and may store and reach follows the file of keys. Connections that are kept
/// are let go with the rules they were made by.
void App::follow_terms() {
    keys_->watch_terms([this](const TermsByTenant& terms) {
        jobs_->terms_changed();
        std::map<std::string, std::vector<std::string>> allow;
        for (const auto& [tenant, said] : terms) {
            if (!said.egress_allow.empty()) {
                allow.emplace(tenant, said.egress_allow);
            }
        }
        if (auto set = egress_.set_tenants(allow); !set) {
            log_.error("egress_not_changed", {{"detail", set.error().detail}});
            return;
        }
        for (auto& shard : shards_) {
            shard->loop.post([fetcher = shard->fetcher.get()] { fetcher->renew_connections(); });
        }
    });
}

void App::make_webhooks() {
    auto& shard = *shards_.front();
    HttpFetcher::Parts fetch{shard.loop.executor()};
    fetch.gate = shard.gate.get();
    fetch.clock = &system_clock();
    fetch.body = {&memory_, &*spill_, blocking_.get()};
    fetch.user_agent = settings_.fetch.user_agent;
    fetch.max_header_bytes = settings_.fetch.max_header_bytes.bytes;
    fetch.places = gate_places();
    WebhookSender::Parts parts{shard.loop.executor()};
    parts.store = store_.get();
    parts.blocking = blocking_.get();
    parts.clock = &system_clock();
    parts.random = &shard.random;
    parts.log = &log_;
    webhook_metrics_ = WebhookMetrics::make(metrics_);
    parts.metrics = &*webhook_metrics_;
    parts.options.schedule.span = settings_.webhooks.retry_span;
    parts.options.schedule.max_retry_after = settings_.host.max_retry_after;
    parts.options.timeout = settings_.webhooks.timeout;
    parts.options.keep_log = settings_.webhooks.keep_log;
    webhooks_ = std::make_unique<Webhooks>(std::move(fetch), std::move(parts));
    store_->watch_outbox([this] { webhooks_->sender().wake(); });
    webhooks_->start();
}

void App::watch_retention() {
    constexpr std::chrono::seconds interval{10};
    const auto loop = shards_.front()->loop.executor();
    auto look = [this] {
        auto looked = blocking_->submit([this] { jobs_->expire(); });
        looked.add_done_callback([](const auto&) {});
    };
    retention_ =
        std::make_unique<Periodic>(loop, std::chrono::milliseconds{0}, interval, std::move(look));
    if (identity_) {
        identity_watch_ = std::make_unique<TlsWatch>(loop, identity_, *blocking_, log_);
    }
}

void App::add_gauges() {
    metrics_.gauge({"fanfetch_api_connections", "Open connections of clients.", {}}, [this] {
        return static_cast<double>(server_->open_connections());
    });
    metrics_.gauge({"fanfetch_jobs", "Jobs that are not done.", {}}, [this] {
        return static_cast<double>(jobs_->live_jobs());
    });
    metrics_.gauge({"fanfetch_unfinished_items", "Items without a result.", {}}, [this] {
        return static_cast<double>(jobs_->unfinished_items());
    });
    metrics_.gauge({"fanfetch_body_memory_bytes", "Bodies between wire and disk.", {}}, [this] {
        return static_cast<double>(memory_.used());
    });
}

void App::stop_dispatchers() {
    std::vector<Future<void>> stopped;
    for (auto& shard : shards_) {
        auto promise = std::make_shared<Promise<void>>();
        stopped.push_back(promise->get_future());
        auto body = shard->dispatcher->stop(settings_.shutdown.grace);
        auto ended = [promise](const std::exception_ptr&) { promise->set_result(); };
        asio::co_spawn(shard->loop.executor(), std::move(body), std::move(ended));
    }
    for (auto& one : stopped) {
        one.result();
    }
}

/// The last results are on their way: their commits make jobs end, and those ends are written too.
void App::settle_jobs() {
    constexpr int results_then_ends = 2;
    for (int round = 0; round < results_then_ends; ++round) {
        store_->record({}).result();  // answered after everything that was asked before
        for (auto& shard : shards_) {
            run_there(shard->loop, [] {});
        }
    }
}

void App::stop() {
    if (!std::exchange(started_, false)) {
        return;
    }
    log_.info("stopping");
    jobs_->drain();
    server_->drain();
    stop_dispatchers();
    settle_jobs();
    store_->watch_outbox(nullptr);
    webhooks_->stop_soon();

    // The whole has to be over two seconds after the grace, whoever does not read.
    constexpr std::chrono::milliseconds last_replies{1'500};
    auto closed = std::make_shared<Promise<void>>();
    auto over = closed->get_future();
    auto ended = [this, closed](const std::exception_ptr&) {
        retention_->stop();
        if (identity_watch_) {
            identity_watch_->stop();
        }
        closed->set_result();
    };
    asio::co_spawn(
        shards_.front()->loop.executor(), server_->shutdown(last_replies), std::move(ended)
    );
    over.result();
    webhooks_->stop();
    jobs_->rest();
    blocking_->shutdown();
    for (auto& shard : shards_) {
        run_there(shard->loop, [&shard] { shard->fetcher->close_idle(); });
        shard->loop.stop();
    }
    for (auto& shard : shards_) {
        shard->loop.join();
    }
    // The last commits are made here; whom they would be reported to has ended.
    store_.reset();
    log_.info("stopped");
}

}  // namespace fanfetch
