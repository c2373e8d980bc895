#include "support/job_bench.hpp"

#include "store/store_error.hpp"
#include "support/patience.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace fanfetch::testing {

ItemsFound UnreadableStore::scan_unfinished(const ItemScan& scan) {
    ++reads_;
    const bool damaged = scan.from >= damaged_;
    if (damaged || failing_ > 0) {
        failing_ -= damaged ? 0 : 1;
        throw StoreError{{failure_code::store_unavailable, "as the test wants it", 0, {}}, damaged};
    }
    auto readable = scan;
    readable.end = std::min<std::uint64_t>(scan.end, damaged_);
    return MemoryJobStore::scan_unfinished(readable);
}

JobBench::JobBench(DispatchLimits limits, std::size_t shards)
    : connections_{limits.most_in_flight, shards} {
    Dispatcher::Parts parts{loop_.executor()};
    parts.shards = shards;
    parts.connection_budget = &connections_;
    parts.reach = [this](std::size_t there, std::function<void(Dispatcher&)> act) {
        ++reached_;
        auto work = [dispatcher = dispatchers_[there].get(), act = std::move(act)] {
            act(*dispatcher);
        };
        boost::asio::post(loop_.executor(), std::move(work));
    };
    parts.fetcher = &fetcher_;
    parts.store = &store_;
    parts.blocking = &blocking_;
    parts.random = &random_;
    parts.clock = &system_clock();
    parts.limits = limits;
    parts.weight_of = [this](const std::string& tenant) {
        const auto found = weights.find(tenant);
        return found == weights.end() ? 1 : found->second;
    };
    parts.over_quota = [this](const std::string& tenant) {
        const auto found = quotas.find(tenant);
        return found != quotas.end() && jobs_->stored_by(tenant) >= found->second;
    };
    parts.may_fetch = [this](const std::string&, const Url& url) {
        return forbidden.count(std::string{url.host()}) == 0;
    };
    parts.pending = &pending_;

    JobService::Parts service;
    for (std::size_t shard = 0; shard < shards; ++shard) {
        parts.shard = shard;
        dispatchers_.push_back(std::make_unique<Dispatcher>(parts));
        service.shards.push_back({loop_.executor(), dispatchers_.back().get()});
    }
    service.store = &store_;
    service.blocking = &blocking_;
    service.clock = &system_clock();
    service.log = &log_;
    service.pending = &pending_;
    service.limits_of = [this](const std::string& tenant) {
        TenantLimits terms;
        if (const auto found = quotas.find(tenant); found != quotas.end()) {
            terms.max_stored_bytes = found->second;
        }
        return terms;
    };
    jobs_ = std::make_unique<JobService>(std::move(service));
}

JobBench::~JobBench() {
    for (auto& dispatcher : dispatchers_) {
        run(dispatcher->stop(std::chrono::milliseconds{0}));
    }
    jobs_->rest();
    blocking_.shutdown();
}

std::shared_ptr<Job> JobBench::submit(
    std::vector<std::string> urls, JobOptions options, std::string tenant
) {
    auto body = [&]() -> awaitable<std::shared_ptr<Job>> {
        auto upload = jobs_->begin(std::move(options), std::move(tenant), loop());
        auto added = co_await upload->add(items_of(urls));
        auto sealed = co_await upload->seal();
        if (!added || !sealed) {
            throw std::runtime_error{"the submit failed"};
        }
        co_return upload->job();
    };
    return run(body());
}

JobSnapshotPtr JobBench::wait(const Job& job, WaitCondition condition) {
    auto body = [&]() -> awaitable<JobSnapshotPtr> {
        auto snapshot = co_await jobs_->wait(job.id(), job.tenant(), condition, patience);
        co_return snapshot.value();
    };
    return run(body());
}

JobSnapshotPtr JobBench::cancel(const Job& job, cancel_mode mode) {
    const auto body = [&]() -> awaitable<void> {
        co_await jobs_->cancel(job.id(), job.tenant(), mode, state_reason::by_user);
    };
    run(body());
    return wait(job);
}

void JobBench::wait_until(const std::function<bool()>& so) {
    const auto until = Steady::now() + patience;
    while (!so()) {
        if (Steady::now() > until) {
            throw std::runtime_error{"it did not come about"};
        }
        const auto body = [this]() -> awaitable<void> {
            co_await boost::asio::post(loop(), no_throw);
        };
        run(body());
    }
}

bool JobBench::runs_out() {
    auto& context = loop().context();
    context.restart();
    context.run_for(patience);
    return context.stopped();
}

JobSnapshotPtr JobBench::run_to_end(std::vector<std::string> urls, JobOptions options) {
    return wait(*submit(std::move(urls), std::move(options)));
}

std::vector<Item> items_of(const std::vector<std::string>& urls) {
    std::vector<Item> items;
    for (const auto& url : urls) {
        Item item;
        item.url = url;
        items.push_back(std::move(item));
    }
    return items;
}

std::vector<std::string> urls_of(const std::string& host, std::size_t count) {
    std::vector<std::string> urls;
    for (std::size_t number = 0; number < count; ++number) {
        urls.push_back("http://" + host + "/" + std::to_string(number));
    }
    return urls;
}

}  // namespace fanfetch::testing
