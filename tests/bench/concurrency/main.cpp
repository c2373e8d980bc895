#include "process/worker.hpp"

#include <benchmark/benchmark.h>

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

int main(int argc, char** argv) {
    if (fanfetch::run_as_worker(argc, argv)) {
        return 0;
    }
    // Reference counts of the standard library are plain numbers until there is a second thread.
    // Futures are for programs that have one.
    std::jthread second{[](std::stop_token stop) {
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock{mutex};
        never.wait(lock, stop, [] { return false; });
    }};
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return 2;
    }
    benchmark::RunSpecifiedBenchmarks();
}
