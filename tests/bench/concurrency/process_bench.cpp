#include "measure.hpp"
#include "process/process_pool_executor.hpp"

#include <openssl/evp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <numeric>
#include <random>
#include <string>
#include <system_error>
#include <vector>

namespace fanfetch::bench {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::size_t small_size = 1024;
constexpr std::size_t large_size = 50'000'000;
constexpr int block_count = 12;
constexpr std::size_t block_size = std::size_t{1} << 20U;

const auto echo_task = register_task<"echo">([](const std::string& text) { return text; });
const auto next_task = register_task<"next">([](int number) { return number + 1; });
const auto large_task = register_task<"large">([] { return Bytes{large_size, std::byte{7}}; });

std::string sha256(const Bytes& block) {
    std::string digest(32, '\0');
    void* const out = digest.data();
    EVP_Digest(
        block.data(), block.size(), static_cast<unsigned char*>(out), nullptr, EVP_sha256(), nullptr
    );
    return digest;
}
/// The job of "Fluent Python", where each worker makes its block itself: all computing.
const auto made_task = register_task<"made">([](unsigned seed) {
    std::minstd_rand random{seed};
    Bytes block(block_size);
    std::ranges::generate(block, [&] { return static_cast<std::byte>(random()); });
    return sha256(block);
});
/// Blocks that are there already, and travel.
const auto sent_task = register_task<"sent">(sha256);

void Prf06RoundTrip(benchmark::State& state) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    const std::string text(small_size, 'x');
    measure(state, 1, [&] {
        benchmark::DoNotOptimize(pool.submit(echo_task, text).result().size());
    });
}
BENCHMARK(Prf06RoundTrip)->UseRealTime();

/// All or nothing: datagrams of a socket pair are neither cut nor joined.
void check(ssize_t done) {
    if (done != static_cast<ssize_t>(small_size)) {
        throw std::system_error{errno, std::generic_category(), "the bare echo"};
    }
}

/// What the system itself takes: a child that sends back what it gets, and nothing else.
void Prf06BareEcho(benchmark::State& state) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        throw std::system_error{errno, std::generic_category(), "socketpair"};
    }
    std::array<char, small_size> buffer{};
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        for (;;) {
            const auto size = read(ends[1], buffer.data(), buffer.size());
            if (size <= 0 || write(ends[1], buffer.data(), static_cast<std::size_t>(size)) < 0) {
                _exit(0);
            }
        }
    }
    close(ends[1]);
    measure(state, 1, [&] {
        check(write(ends[0], buffer.data(), buffer.size()));
        check(read(ends[0], buffer.data(), buffer.size()));
        benchmark::DoNotOptimize(buffer);
    });
    close(ends[0]);
    waitpid(child, nullptr, 0);
}
BENCHMARK(Prf06BareEcho)->UseRealTime();

void Prf06Chunked(benchmark::State& state) {
    std::vector<int> numbers(64 * 200);
    std::iota(numbers.begin(), numbers.end(), 0);
    ProcessPoolExecutor pool{{.max_workers = 2}};
    measure(state, static_cast<int>(numbers.size()), [&] {
        int sum = 0;
        for (const int next : pool.map(next_task, numbers, {.chunksize = 64})) {
            sum += next;
        }
        benchmark::DoNotOptimize(sum);
    });
}
BENCHMARK(Prf06Chunked)->UseRealTime();

void Prf06LargeResult(benchmark::State& state) {
    ProcessPoolExecutor pool{{.max_workers = 1}};
    measure(state, 1, [&] { benchmark::DoNotOptimize(pool.submit(large_task).result().size()); });
}
BENCHMARK(Prf06LargeResult)->UseRealTime();

template <class TaskType, class Inputs>
void sha256_job(benchmark::State& state, int workers, const TaskType& task, const Inputs& inputs) {
    ProcessPoolExecutor pool{{.max_workers = workers}};
    measure(state, 1, [&] {
        std::size_t sizes = 0;
        for (const auto& digest : pool.map(task, inputs)) {
            sizes += digest.size();
        }
        benchmark::DoNotOptimize(sizes);
    });
}

void made_blocks(benchmark::State& state, int workers) {
    std::vector<unsigned> seeds(block_count);
    std::iota(seeds.begin(), seeds.end(), 1U);
    sha256_job(state, workers, made_task, seeds);
}
void Prf06Sha256WithOneWorker(benchmark::State& state) {
    made_blocks(state, 1);
}
void Prf06Sha256WithTwoWorkers(benchmark::State& state) {
    made_blocks(state, 2);
}
BENCHMARK(Prf06Sha256WithOneWorker)->UseRealTime();
BENCHMARK(Prf06Sha256WithTwoWorkers)->UseRealTime();

void sent_blocks(benchmark::State& state, int workers) {
    const std::vector<Bytes> blocks(block_count, Bytes(block_size, std::byte{1}));
    sha256_job(state, workers, sent_task, blocks);
}
void Prf06SentBlocksWithOneWorker(benchmark::State& state) {
    sent_blocks(state, 1);
}
void Prf06SentBlocksWithTwoWorkers(benchmark::State& state) {
    sent_blocks(state, 2);
}
BENCHMARK(Prf06SentBlocksWithOneWorker)->UseRealTime();
BENCHMARK(Prf06SentBlocksWithTwoWorkers)->UseRealTime();

}  // namespace
}  // namespace fanfetch::bench
