#pragma once

#include "allocations.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

namespace fanfetch::bench {

/// What the tasks do: nothing, but with a result that somebody reads.
inline int nothing(int number) noexcept {
    return number;
}

/// Times `work`, which is so many operations, and counts what they allocate, in runs of their own.
/// The first run is not timed: it starts threads and fills caches, on every side alike.
template <class Work>
void measure(benchmark::State& state, int operations, Work work) {
    work();
    for (auto _ : state) {
        work();
    }
    auto allocations = allocations_of(work);
    allocations = std::min(allocations, allocations_of(work));
    state.counters["operations"] = operations;
    state.counters["allocations"] = static_cast<double>(allocations) / operations;
}

/// The same where only a part of a run is to be timed: `work` returns how long that took.
template <class Work>
void measure_part(benchmark::State& state, int operations, Work work) {
    (void)work();
    for (auto _ : state) {
        const std::chrono::duration<double> took = work();
        state.SetIterationTime(took.count());
    }
    state.counters["operations"] = operations;
}

}  // namespace fanfetch::bench
