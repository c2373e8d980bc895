#include "app.hpp"

#include "api/api.hpp"
#include "auth/live_keys.hpp"
#include "keys_setup.hpp"
#include "store/sqlite/open.hpp"
#include "tls_setup.hpp"
#include "webhook_run.hpp"

#include <string>
#include <utility>

namespace fanfetch {

namespace asio = boost::asio;
using asio::ip::tcp;

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
    options.metrics = &store_metrics_;
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
    options.metrics = &server_metrics_;
    std::vector<LoopExecutor> loops;
    for (auto& shard : shards_) {
        loops.push_back(shard->loop.executor());
    }
    server_ = std::make_unique<HttpServer>(std::move(loops), api_->handler(), options);
    return server_->listen({address, settings_.listen.port});
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
    StoreOptions store;
    store.data_dir = settings_.data.dir;
    metrics_.gauge({"fanfetch_disk_free_bytes", "Left on the disk of data.dir.", {}}, [store] {
        return static_cast<double>(free_bytes(store).value_or(0));
    });
    const MetricLabel version{"version", {FANFETCH_VERSION}};
    metrics_.gauge({"fanfetch_build_info", "Always 1; what is running.", {version}})
        .elsewhere()
        .set(1);
}

}  // namespace fanfetch
