#include "job/job_service.hpp"

#include "coro/await_future.hpp"
#include "future/promise.hpp"
#include "job/host_key.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

// What is asked of the shards: how hosts are doing, and where items are.

namespace fanfetch {
namespace {

/// Asks one shard, on its own loop.
template <class Ask>
auto ask_shard(const JobService::Shard& shard, Ask ask) {
    using Answer = decltype(ask(*shard.dispatcher));
    Promise<Answer> promise;
    auto future = promise.get_future();
    auto work = [dispatcher = shard.dispatcher, promise = std::move(promise),
                 ask = std::move(ask)]() mutable {
        promise.try_set_result(ask(*dispatcher));  // false: nobody wants it any more
    };
    boost::asio::post(shard.loop, std::move(work));
    return future;
}

}  // namespace

/// Asks every shard for a list and gives the lists in one.
template <class Ask>
auto JobService::ask_shards(Ask ask) -> awaitable<decltype(ask(std::declval<Dispatcher&>()))> {
    using List = decltype(ask(std::declval<Dispatcher&>()));
    std::vector<Future<List>> answers;
    for (const auto& shard : parts_.shards) {
        answers.push_back(ask_shard(shard, ask));
    }
    List all;
    for (auto& answer : answers) {
        auto part = co_await await_future(answer);
        std::ranges::move(part, std::back_inserter(all));
    }
    co_return all;
}

awaitable<std::vector<HostStatus>> JobService::hosts(std::optional<std::string> tenant) {
    auto ask = [tenant = std::move(tenant)](Dispatcher& dispatcher) {
        return dispatcher.hosts(tenant);
    };
    auto list = co_await ask_shards(std::move(ask));
    std::ranges::sort(list, {}, &HostStatus::host);
    co_return list;
}

awaitable<std::vector<ItemPosition>> JobService::positions(std::string id) {
    auto ask = [id = std::move(id)](Dispatcher& dispatcher) { return dispatcher.positions(id); };
    auto list = co_await ask_shards(std::move(ask));
    std::ranges::sort(list, {}, &ItemPosition::index);
    co_return list;
}

awaitable<Expected<HostStatus>> JobService::change_host(
    std::string key, std::function<HostOverride(HostOverride)> change
) {
    const auto& shard = parts_.shards[shard_of_host(key, parts_.shards.size())];
    auto ask = [key = std::move(key), change = std::move(change)](Dispatcher& dispatcher) {
        return dispatcher.change_host(key, change);
    };
    auto changed = co_await await_future(ask_shard(shard, std::move(ask)));
    auto saved = co_await await_future(changed.saved);
    if (!saved) {
        co_return saved.error();
    }
    co_return std::move(changed.status);
}

void JobService::restore_hosts() {
    std::vector<std::vector<HostRecord>> by_shard(parts_.shards.size());
    for (auto& host : parts_.store->hosts()) {
        by_shard[shard_of_host(host.key, by_shard.size())].push_back(std::move(host));
    }
    for (std::size_t shard = 0; shard < by_shard.size(); ++shard) {
        parts_.shards[shard].dispatcher->restore(by_shard[shard]);
    }
}

}  // namespace fanfetch
