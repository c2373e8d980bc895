#include "actor/actor_system.hpp"
#include "batch/progress.hpp"
#include "measure.hpp"

#include <string>
#include <utility>

namespace fanfetch::bench {
namespace {

constexpr int many = 100'000;

struct Sum : Actor<int, std::string> {
    void receive(int number, Address) override { sum += number; }
    void receive(std::string, Address from) override { send(from, std::exchange(sum, 0)); }
    int sum = 0;
};

/// One thread sends, the actor's handles; the answer comes when the last message was handled.
void Prf07SendAndHandle(benchmark::State& state) {
    ActorSystem system;
    const auto sum = system.create<Sum>();
    measure(state, many, [&] {
        for (int count = 0; count < many; ++count) {
            system.send(sum, 1);
        }
        benchmark::DoNotOptimize(system.ask<int>(sum, "all?").result());
    });
}
BENCHMARK(Prf07SendAndHandle)->UseRealTime();

/// As a download does it: bytes as they come, and the item.
void Prf07ProgressUpdate(benchmark::State& state) {
    ProgressCounter counter;
    measure(state, 1, [&] {
        counter.add_bytes(2048);
        counter.item_done();
    });
    benchmark::DoNotOptimize(counter.counts().done);
}
BENCHMARK(Prf07ProgressUpdate);

}  // namespace
}  // namespace fanfetch::bench
