// Stands in for libFuzzer where there is none: gives a fuzz target every file of the folders named
// on the command line, and what is left of each when it is cut short. Fails when there is none.
// Then, for so many seconds as --hunt says, their neighbours, by chance. An input at which the
// target ends is left in the working directory.

#include "mutator.hpp"

#include <sanitizer/common_interface_defs.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using fanfetch::fuzz::Bytes;
using Clock = std::chrono::steady_clock;

constexpr unsigned longest_s = 20;  // that one input may take

const Bytes* present = nullptr;  // what the target has now

void save_present() {
    if (present != nullptr) {
        const auto name = "crash-" + std::to_string(::getpid());
        std::ofstream{name, std::ios::binary}.write(
            reinterpret_cast<const char*>(present->data()),
            static_cast<std::streamsize>(present->size())
        );
        std::fprintf(stderr, "the input is in %s\n", name.c_str());
        present = nullptr;
    }
}

void on_signal(int number) {
    save_present();
    std::signal(number, SIG_DFL);
    std::raise(number);
}

void give(const Bytes& bytes) {
    present = &bytes;
    ::alarm(longest_s);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    ::alarm(0);
    present = nullptr;
}

std::vector<Bytes> read_seeds(const std::vector<std::string>& folders) {
    std::vector<Bytes> seeds;
    for (const auto& folder : folders) {
        for (const auto& entry : std::filesystem::directory_iterator{folder}) {
            std::ifstream in{entry.path(), std::ios::binary};
            const std::string text{std::istreambuf_iterator<char>{in}, {}};
            seeds.emplace_back(text.begin(), text.end());
        }
    }
    return seeds;
}

void hunt(const std::vector<Bytes>& seeds, std::chrono::seconds time) {
    const auto seed = std::random_device{}();
    std::printf("hunting with seed %u\n", seed);
    fanfetch::fuzz::Mutator mutator{seed};
    std::uint64_t inputs = 0;
    for (const auto until = Clock::now() + time; Clock::now() < until; ++inputs) {
        give(mutator.next(seeds));
    }
    std::printf("%llu inputs\n", static_cast<unsigned long long>(inputs));
}

}  // namespace

int main(int count, char** arguments) {
    std::vector<std::string> folders;
    std::chrono::seconds time{0};
    for (int i = 1; i < count; ++i) {
        if (std::string_view{arguments[i]} == "--hunt" && i + 1 < count) {
            time = std::chrono::seconds{std::atoi(arguments[++i])};
        } else {
            folders.emplace_back(arguments[i]);
        }
    }
    __sanitizer_set_death_callback(save_present);
    for (const int fatal : {SIGABRT, SIGALRM}) {
        std::signal(fatal, on_signal);
    }
    const auto seeds = read_seeds(folders);
    for (auto bytes : seeds) {
        for (; !bytes.empty(); bytes.resize(bytes.size() / 2)) {
            give(bytes);
        }
    }
    LLVMFuzzerTestOneInput(nullptr, 0);
    std::printf("%zu seeds\n", seeds.size());
    if (seeds.empty()) {
        return 1;
    }
    hunt(seeds, time);
    return 0;
}
