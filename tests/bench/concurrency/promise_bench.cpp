#include "future/promise.hpp"
#include "measure.hpp"

#include <array>
#include <cstddef>
#include <future>

namespace fanfetch::bench {
namespace {

void Prf01PromiseSetAndResult(benchmark::State& state) {
    int number = 0;
    measure(state, 1, [&] {
        Promise<int> promise;
        const auto future = promise.get_future();
        promise.set_result(++number);
        benchmark::DoNotOptimize(future.result());
    });
}
BENCHMARK(Prf01PromiseSetAndResult);

void Prf01StdPromise(benchmark::State& state) {
    int number = 0;
    measure(state, 1, [&] {
        std::promise<int> promise;
        auto future = promise.get_future();
        promise.set_value(++number);
        benchmark::DoNotOptimize(future.get());
    });
}
BENCHMARK(Prf01StdPromise);

void Prf03FirstCallback(benchmark::State& state) {
    int number = 0;
    std::array<std::byte, 32 - sizeof(int*)> more{};
    measure(state, 1, [&] {
        Promise<int> promise;
        const auto future = promise.get_future();
        const auto callback = [more, seen = &number](const auto& done) {
            benchmark::DoNotOptimize(more);
            *seen += done.result();
        };
        static_assert(sizeof callback == 32);
        future.add_done_callback(callback);
        promise.set_result(1);
    });
    benchmark::DoNotOptimize(number);
}
BENCHMARK(Prf03FirstCallback);

void Prf07StateOfAFuture(benchmark::State& state) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(make_ready(1));
    }
    state.counters["bytes"] = sizeof(detail::ValueState<int>);
}
BENCHMARK(Prf07StateOfAFuture);

}  // namespace
}  // namespace fanfetch::bench
