// SHA-256 of twelve blocks of 1 MiB: one after the other in this thread, then on a process pool.
//
// The task is registered under a name, because what travels to a worker is that name and the bytes
// of the block; the worker is a fresh image of this program, which finds the task under it.

#include "process/process_pool_executor.hpp"

#include <openssl/evp.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

using Block = std::vector<std::byte>;

namespace {

constexpr std::size_t blocks_wanted = 12;
constexpr std::size_t block_size = std::size_t{1} << 20U;

std::string sha256(const Block& block) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (EVP_Digest(block.data(), block.size(), digest, &length, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error{"hashing a block failed"};
    }
    std::string hex;
    for (unsigned i = 0; i < length; ++i) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(digest[i]));
        hex += digits;
    }
    return hex;
}

const auto sha256_task =
    fanfetch::register_task<"sha256">([](const Block& block) { return sha256(block); });

std::vector<Block> make_blocks() {
    std::vector<Block> blocks;
    for (std::size_t i = 0; i < blocks_wanted; ++i) {
        blocks.emplace_back(block_size, static_cast<std::byte>(i));
    }
    return blocks;
}

/// How long `work` takes, in milliseconds.
template <class Work>
double timed(Work work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
}

}  // namespace

int main(int argc, char** argv) {
    if (fanfetch::run_as_worker(argc, argv)) {
        return 0;
    }
    const auto blocks = make_blocks();
    std::vector<std::string> one_by_one;
    std::vector<std::string> together;

    const double alone = timed([&] {
        for (const Block& block : blocks) {
            one_by_one.push_back(sha256(block));
        }
    });

    fanfetch::ProcessPoolExecutor pool;
    const double pooled = timed([&] {
        for (auto& digest : pool.map(sha256_task, blocks)) {  // in the order of the blocks
            together.push_back(std::move(digest));
        }
    });

    for (const auto& digest : together) {
        std::printf("%s\n", digest.c_str());
    }
    std::printf("one thread: %.1f ms\n", alone);
    std::printf("%d processes: %.1f ms, their start included\n", pool.max_workers(), pooled);
    return one_by_one == together ? 0 : 1;
}
