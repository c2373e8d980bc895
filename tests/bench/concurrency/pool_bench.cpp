#include "executor/thread_pool_executor.hpp"
#include "measure.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <array>
#include <cstdint>
#include <future>
#include <utility>
#include <vector>

namespace fanfetch::bench {
namespace {

// A round trip: one call at a time, to a pool that has nothing else to do.

void Prf02RoundTrip(benchmark::State& state) {
    ThreadPoolExecutor pool{{.max_workers = 1}};
    int number = 0;
    measure(state, 1, [&] { benchmark::DoNotOptimize(pool.submit(nothing, ++number).result()); });
}
BENCHMARK(Prf02RoundTrip)->UseRealTime();

void Prf02AsioRoundTrip(benchmark::State& state) {
    boost::asio::thread_pool pool{1};
    int number = 0;
    measure(state, 1, [&] {
        std::packaged_task<int()> task{[value = ++number] { return nothing(value); }};
        benchmark::DoNotOptimize(boost::asio::post(pool, std::move(task)).get());
    });
}
BENCHMARK(Prf02AsioRoundTrip)->UseRealTime();

void Prf02StdAsyncRoundTrip(benchmark::State& state) {
    int number = 0;
    measure(state, 1, [&] {
        benchmark::DoNotOptimize(std::async(std::launch::async, nothing, ++number).get());
    });
}
BENCHMARK(Prf02StdAsyncRoundTrip)->UseRealTime();

// Many at once: all are submitted, then all results are read. Two workers.

constexpr int many = 10'000;

/// A call of the size that is promised to need one allocation.
struct LargeCall {
    std::array<std::int64_t, 8> numbers{};
    int operator()() const noexcept { return static_cast<int>(numbers[0]); }
};
static_assert(sizeof(LargeCall) == 64);

template <class Call, class Submit>
void bulk(benchmark::State& state, Submit submit) {
    std::vector<decltype(submit(Call{}))> futures;
    futures.reserve(many);
    measure(state, many, [&] {
        for (int i = 0; i < many; ++i) {
            futures.push_back(submit(Call{}));
        }
        int sum = 0;
        for (auto& future : futures) {
            if constexpr (requires { future.result(); }) {
                sum += future.result();
            } else {
                sum += future.get();
            }
        }
        benchmark::DoNotOptimize(sum);
        futures.clear();
    });
}

void Prf03Bulk(benchmark::State& state) {
    ThreadPoolExecutor pool{{.max_workers = 2}};
    bulk<LargeCall>(state, [&](LargeCall call) { return pool.submit(call); });
}
BENCHMARK(Prf03Bulk)->UseRealTime();

void Prf03AsioBulk(benchmark::State& state) {
    boost::asio::thread_pool pool{2};
    bulk<LargeCall>(state, [&](LargeCall call) {
        return boost::asio::post(pool, std::packaged_task<int()>{call});
    });
}
BENCHMARK(Prf03AsioBulk)->UseRealTime();

}  // namespace
}  // namespace fanfetch::bench
