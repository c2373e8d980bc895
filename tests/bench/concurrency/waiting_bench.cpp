// What `wait` and `as_completed` add to futures that somebody completes anyway.

#include "future/as_completed.hpp"
#include "future/promise.hpp"
#include "future/wait.hpp"
#include "measure.hpp"

#include <chrono>
#include <ctime>
#include <thread>
#include <vector>

namespace fanfetch::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int many = 100'000;

struct Many {
    Many() {
        promises.resize(many);
        for (const auto& promise : promises) {
            futures.push_back(promise.get_future());
        }
    }
    void complete() {
        for (auto& promise : promises) {
            promise.set_result(1);
        }
    }
    [[nodiscard]] int sum() const {
        int sum = 0;
        for (const auto& future : futures) {
            sum += future.result();
        }
        return sum;
    }

    std::vector<Promise<int>> promises;
    std::vector<Future<int>> futures;
};

template <class Work>
Clock::duration timed(Work work) {
    const auto start = Clock::now();
    work();
    return Clock::now() - start;
}

void Prf04WaitForDone(benchmark::State& state) {
    measure_part(state, many, [] {
        Many all;
        all.complete();
        return timed([&] { benchmark::DoNotOptimize(wait(all.futures).done.size()); });
    });
}
BENCHMARK(Prf04WaitForDone)->UseManualTime();

void Prf04AsCompletedOfDone(benchmark::State& state) {
    measure_part(state, many, [] {
        Many all;
        all.complete();
        return timed([&] {
            int sum = 0;
            for (const auto& future : as_completed(all.futures)) {
                sum += future.result();
            }
            benchmark::DoNotOptimize(sum);
        });
    });
}
BENCHMARK(Prf04AsCompletedOfDone)->UseManualTime();

/// To be subtracted: the futures are completed and read, but nobody waits for them as a group.
void Prf04Completing(benchmark::State& state) {
    measure_part(state, many, [] {
        Many all;
        return timed([&] {
            all.complete();
            benchmark::DoNotOptimize(all.sum());
        });
    });
}
BENCHMARK(Prf04Completing)->UseManualTime();

void Prf04AsCompletedOfPending(benchmark::State& state) {
    measure_part(state, many, [] {
        Many all;
        return timed([&] {
            auto completions = as_completed(all.futures);
            all.complete();
            int sum = 0;
            for (const auto& future : completions) {
                sum += future.result();
            }
            benchmark::DoNotOptimize(sum);
        });
    });
}
BENCHMARK(Prf04AsCompletedOfPending)->UseManualTime();

// Futures that complete on another thread while somebody waits for them. What both threads compute
// is counted, and not the time: the second thread begins late, so that all are pending until then.

constexpr std::chrono::milliseconds until_all_are_waited_for{100};

Clock::duration computing_time() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

template <class Wait>
Clock::duration completed_elsewhere(Wait wait_for) {
    Many all;
    const auto start = computing_time();
    std::jthread completing{[&] {
        std::this_thread::sleep_for(until_all_are_waited_for);
        all.complete();
    }};
    wait_for(all.futures);
    completing.join();
    benchmark::DoNotOptimize(all.sum());
    return computing_time() - start;
}

/// To be subtracted: only the last future is waited for.
void Prf04CompletingElsewhere(benchmark::State& state) {
    measure_part(state, many, [] {
        return completed_elsewhere([](const auto& futures) { (void)futures.back().result(); });
    });
}
BENCHMARK(Prf04CompletingElsewhere)->UseManualTime();

void Prf04WaitForPending(benchmark::State& state) {
    measure_part(state, many, [] {
        return completed_elsewhere([](const auto& futures) {
            benchmark::DoNotOptimize(wait(futures).done.size());
        });
    });
}
BENCHMARK(Prf04WaitForPending)->UseManualTime();

}  // namespace
}  // namespace fanfetch::bench
