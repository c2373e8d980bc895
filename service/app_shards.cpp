// The part of App that gives its shards what they fetch with, and keeps that in step with the keys.
#include "app.hpp"
#include "auth/live_keys.hpp"
#include "net/cares_resolver.hpp"
#include "net/default_gate.hpp"
#include "net/system_resolver.hpp"
#include "resolver_threads.hpp"
#include "webhook_run.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace fanfetch {

namespace asio = boost::asio;
using asio::ip::tcp;

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

}  // namespace

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
    connections_.emplace(settings_.egress.max_connections, shards_.size());
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
        parts.connection_budget = &*connections_;
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
    webhooks_ = std::make_unique<WebhookRun>(std::move(fetch), std::move(parts));
    store_->watch_outbox([this] { webhooks_->sender().wake(); });
    webhooks_->start();
}

}  // namespace fanfetch
