#include "coro/event_loop.hpp"
#include "coro/gather.hpp"
#include "coro/run_in_executor.hpp"
#include "coro/spawn.hpp"
#include "executor/thread_pool_executor.hpp"
#include "measure.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

namespace fanfetch::bench {
namespace {

constexpr int many = 1'000;

awaitable<int> empty(int number) {
    co_return number;
}

awaitable<int> spawn_and_await() {
    const auto loop = co_await boost::asio::this_coro::executor;
    int sum = 0;
    for (int i = 0; i < many; ++i) {
        sum += co_await spawn(loop, empty(i)).join();
    }
    co_return sum;
}

void Prf05SpawnAndAwait(benchmark::State& state) {
    EventLoop loop;
    measure(state, many, [&] {
        benchmark::DoNotOptimize(loop.run_until_complete(spawn_and_await()));
    });
}
BENCHMARK(Prf05SpawnAndAwait);

awaitable<int> co_spawn_and_await() {
    const auto loop = co_await boost::asio::this_coro::executor;
    int sum = 0;
    for (int i = 0; i < many; ++i) {
        sum += co_await boost::asio::co_spawn(
            loop, empty(i), boost::asio::use_awaitable_t<LoopExecutor>{}
        );
    }
    co_return sum;
}

void Prf05CoSpawnAndAwait(benchmark::State& state) {
    EventLoop loop;
    measure(state, many, [&] {
        benchmark::DoNotOptimize(loop.run_until_complete(co_spawn_and_await()));
    });
}
BENCHMARK(Prf05CoSpawnAndAwait);

awaitable<int> gather_many() {
    std::vector<awaitable<int>> children;
    children.reserve(many);
    for (int i = 0; i < many; ++i) {
        children.push_back(empty(i));
    }
    const auto values = co_await gather(std::move(children));
    int sum = 0;
    for (const int value : values) {
        sum += value;
    }
    co_return sum;
}

void Prf05Gather(benchmark::State& state) {
    EventLoop loop;
    measure(state, many, [&] { benchmark::DoNotOptimize(loop.run_until_complete(gather_many())); });
}
BENCHMARK(Prf05Gather);

/// Asio has no gather: all are spawned, on the loop as well, and each leaves its value where it
/// belongs.
void Prf05CoSpawnMany(benchmark::State& state) {
    boost::asio::io_context context{1};
    const auto loop = context.get_executor();
    measure(state, many, [&] {
        std::vector<int> values(many);
        boost::asio::post(loop, [&] {
            for (int i = 0; i < many; ++i) {
                auto& place = values[static_cast<std::size_t>(i)];
                auto ended = [&place](const std::exception_ptr&, int value) { place = value; };
                boost::asio::co_spawn(loop, empty(i), ended);
            }
        });
        context.restart();
        context.run();
        int sum = 0;
        for (const int value : values) {
            sum += value;
        }
        benchmark::DoNotOptimize(sum);
    });
}
BENCHMARK(Prf05CoSpawnMany);

awaitable<int> call_pool(Executor& pool, int calls) {
    int sum = 0;
    for (int i = 0; i < calls; ++i) {
        sum += co_await run_in_executor(pool, nothing, i);
    }
    co_return sum;
}

void Prf05RunInExecutor(benchmark::State& state) {
    constexpr int calls = 100;
    ThreadPoolExecutor pool{{.max_workers = 1}};
    EventLoop loop;
    measure(state, calls, [&] {
        benchmark::DoNotOptimize(loop.run_until_complete(call_pool(pool, calls)));
    });
}
BENCHMARK(Prf05RunInExecutor)->UseRealTime();

using PoolExecutor = boost::asio::thread_pool::executor_type;

boost::asio::awaitable<int, PoolExecutor> nothing_in_pool(int number) {
    co_return nothing(number);
}

/// Asio's way into a pool and back.
awaitable<int> call_asio_pool(boost::asio::thread_pool& pool, int calls) {
    int sum = 0;
    for (int i = 0; i < calls; ++i) {
        sum += co_await boost::asio::co_spawn(
            pool.get_executor(), nothing_in_pool(i), boost::asio::use_awaitable_t<LoopExecutor>{}
        );
    }
    co_return sum;
}

void Prf05CoSpawnInPool(benchmark::State& state) {
    constexpr int calls = 100;
    boost::asio::thread_pool pool{1};
    EventLoop loop;
    measure(state, calls, [&] {
        benchmark::DoNotOptimize(loop.run_until_complete(call_asio_pool(pool, calls)));
    });
}
BENCHMARK(Prf05CoSpawnInPool)->UseRealTime();

}  // namespace
}  // namespace fanfetch::bench
